import { FLOAT, type GraphTensor } from '../graph.ts';
import type { Tape } from '../tape.ts';

/**
 * @param x [n, …, c]
 * @param bias [c]
 */
export function biasAdd(tape: Tape, x: GraphTensor, bias: GraphTensor): GraphTensor {
  const { graph } = tape;
  const attributes = { T: FLOAT, data_format: 'NHWC' };
  const y = graph.add('BiasAdd', [x, bias], attributes, x.shape);
  return tape.record(y, [x, bias], (dy) => [
    () => dy,
    () => graph.add('BiasAddGrad', [dy], attributes, bias.shape),
  ]);
}
