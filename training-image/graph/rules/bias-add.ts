import { FLOAT, type GraphTensor } from '../graph.ts';
import type { Tape } from '../tape.ts';
import { reshape } from './reshape.ts';

/**
 * @param x [n, …, c]
 * @param bias [c]
 */
export function biasAdd(tape: Tape, x: GraphTensor, bias: GraphTensor): GraphTensor {
  const { graph } = tape;
  const attributes = { T: FLOAT, data_format: 'NHWC' };
  const [channels = 0] = bias.shape;
  const y = graph.add('BiasAdd', [x, bias], attributes, x.shape);
  return tape.record(y, [x, bias], (dy) => [
    () => dy,
    () => {
      // Reshaped, so that TensorFlow does not merge this with the gradient of a convolution's kernel: oneDNN's merged
      // operation takes a third longer than the two (EfficientNet-Lite0 on AVX2: 634 ms a step instead of 479).
      const rows = reshape(tape, dy, [-1, channels]);
      return graph.add('BiasAddGrad', [rows], attributes, bias.shape);
    },
  ]);
}
