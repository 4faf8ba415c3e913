import { tf } from '#engine/tensorflow/load.ts';
import type { Smooth } from './lbfgs.ts';
import type { ScaledBlocks } from './scaled-blocks.ts';

/**
 * Weighted mean cross-entropy in nats plus l2/2 · |kernel|², and its gradient, as a function of kernel and bias in one
 * vector. The two matrix products run in TensorFlow, a block of examples at a time; the rest is small.
 *
 * @param blocks [n, d]
 * @param labels [n]
 */
export function softmaxLoss(
  blocks: ScaledBlocks,
  d: number,
  labels: Int32Array,
  classWeights: readonly number[],
): (l2: number) => Smooth {
  const n = labels.length;
  const classes = classWeights.length;
  const ofKernel = d * classes;

  return (l2) => async (parameters, gradient) => {
    const kernel = tf.tensor2d(Float32Array.from(parameters.subarray(0, ofKernel)), [d, classes]);
    const bias = tf.tensor1d(Float32Array.from(parameters.subarray(ofKernel)));
    let loss = 0;
    gradient.fill(0);
    try {
      await blocks.each((x, from) => {
        const some = labels.subarray(from, from + (x.shape[0] ?? 0)); // m labels
        const wanted = tf.oneHot(tf.tensor1d(some, 'int32'), classes).toFloat(); // [m, classes]
        const shares = Float32Array.from(some, (label) => (classWeights[label] ?? 1) / n);
        const weights = tf.tensor2d(shares, [some.length, 1]); // [m, 1]
        const logProbabilities = tf.logSoftmax(x.matMul(kernel).add(bias)); // [m, classes]
        const error = tf.exp(logProbabilities).sub(wanted).mul(weights); // [m, classes]
        loss -= weights.mul(wanted.mul(logProbabilities)).sum().dataSync()[0] ?? 0;
        add(gradient, x.matMul(error, true, false).dataSync(), 0); // [d, classes]
        add(gradient, error.sum(0).dataSync(), ofKernel);
      });
    } finally {
      tf.dispose([kernel, bias]);
    }

    let squares = 0;
    for (let i = 0; i < ofKernel; i++) {
      const weight = parameters[i] ?? 0;
      squares += weight * weight;
      gradient[i] = (gradient[i] ?? 0) + l2 * weight;
    }
    return loss + (l2 / 2) * squares;
  };
}

function add(sum: Float64Array, part: ArrayLike<number>, at: number): void {
  for (let i = 0; i < part.length; i++) sum[at + i] = (sum[at + i] ?? 0) + (part[i] ?? 0);
}
