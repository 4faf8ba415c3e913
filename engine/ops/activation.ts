import { FLOAT, type Graph, type GraphTensor } from '../graph.ts';
import type { Tape } from '../tape.ts';

/**
 * The gradient is computed from the output instead of the input: both show where the values were clipped. The output of
 * a convolution is then read by its ReLU alone, so that TensorFlow can fuse the two.
 */
const rectifier =
  (operation: 'Relu' | 'Relu6') =>
  (tape: Tape, x: GraphTensor): GraphTensor => {
    const { graph } = tape;
    const y = graph.add(operation, [x], { T: FLOAT }, x.shape);
    return tape.record(y, [x], (dy) => [
      () => graph.add(`${operation}Grad`, [dy, y], { T: FLOAT }, x.shape),
    ]);
  };

/** max(x, 0) */
export const relu = rectifier('Relu');

/** min(max(x, 0), 6) */
export const relu6 = rectifier('Relu6');

/** Over the last axis; without a gradient. */
export const softmax = (graph: Graph, x: GraphTensor): GraphTensor =>
  graph.add('Softmax', [x], { T: FLOAT }, x.shape);
