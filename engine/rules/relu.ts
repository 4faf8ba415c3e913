import { FLOAT, type GraphTensor } from '../graph.ts';
import type { Tape } from '../tape.ts';

/**
 * The gradient is taken from the output, which shows as well where it was cut: nothing else reads what lies between a
 * convolution and its rectifier, so that TensorFlow may fuse the two.
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

/** Cut below 0. */
export const relu = rectifier('Relu');

/** Cut below 0 and above 6. */
export const relu6 = rectifier('Relu6');
