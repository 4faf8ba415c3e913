import type { GraphTensor, Shape } from '../graph.ts';
import type { Tape } from '../tape.ts';
import { type Pooling, poolingAttributes } from './average-pool.ts';

/**
 * Where two pixels of a window are the largest, the first one takes the gradient.
 *
 * @param x [n, h, w, c]
 * @returns of the given shape, [n, h', w', c]
 */
export function maxPool(tape: Tape, x: GraphTensor, pooling: Pooling, shape: Shape): GraphTensor {
  const { graph } = tape;
  const attributes = { ...poolingAttributes(pooling), explicit_paddings: { ints: [] } };
  const y = graph.add('MaxPool', [x], attributes, shape);
  return tape.record(y, [x], (dy) => [
    () => graph.add('MaxPoolGrad', [x, y, dy], attributes, x.shape),
  ]);
}
