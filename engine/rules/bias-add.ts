import { FLOAT, type Graph, type GraphTensor, INT, integers } from '../graph.ts';
import type { Tape } from '../tape.ts';

/**
 * @param x [n, …, c]
 * @param bias [c]
 */
export function biasAdd(tape: Tape, x: GraphTensor, bias: GraphTensor): GraphTensor {
  const { graph } = tape;
  return tape.record(withBias(graph, x, bias), [x, bias], (dy) => [
    () => dy,
    () => biasGradient(graph, dy),
  ]);
}

const BIAS = { T: FLOAT, data_format: 'NHWC' };

export const withBias = (graph: Graph, x: GraphTensor, bias: GraphTensor): GraphTensor =>
  graph.add('BiasAdd', [x, bias], BIAS, x.shape);

/**
 * @param dy of what a bias was added to, [n, …, c]
 * @returns [c]
 */
export function biasGradient(graph: Graph, dy: GraphTensor): GraphTensor {
  // As a matrix, so that TensorFlow does not merge this with the gradient of a convolution's kernel: oneDNN's merged
  // operation takes a third longer than the two (EfficientNet-Lite0 on AVX2: 634 ms a step instead of 479).
  const shape = [-1, dy.shape.at(-1) ?? 0];
  const attributes = { T: FLOAT, Tshape: INT };
  const rows = graph.add('Reshape', [dy, integers(graph, shape)], attributes, shape);
  return graph.add('BiasAddGrad', [rows], BIAS, shape.slice(1));
}
