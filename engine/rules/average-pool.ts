import { type Attribute, FLOAT, type GraphTensor, type Shape } from '../graph.ts';
import type { Tape } from '../tape.ts';
import type { Sliding } from './convolution.ts';
import { shapeOf } from './shape-of.ts';

export interface Pooling extends Sliding {
  size: readonly [number, number];
}

/**
 * What lies outside the picture does not count.
 *
 * @param x [n, h, w, c]
 * @returns of the given shape, [n, h', w', c]
 */
export function averagePool(
  tape: Tape,
  x: GraphTensor,
  pooling: Pooling,
  shape: Shape,
): GraphTensor {
  const { graph } = tape;
  const attributes = poolingAttributes(pooling);
  const y = graph.add('AvgPool', [x], attributes, shape);
  return tape.record(y, [x], (dy) => [
    () => graph.add('AvgPoolGrad', [shapeOf(graph, x), dy], attributes, x.shape),
  ]);
}

export const poolingAttributes = ({
  size,
  strides,
  padding,
}: Pooling): Record<string, Attribute> => ({
  T: FLOAT,
  ksize: { ints: [1, ...size, 1] },
  strides: { ints: [1, ...strides, 1] },
  padding,
  data_format: 'NHWC',
});
