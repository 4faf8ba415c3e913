import { at } from '#core/at.ts';
import { tf } from '#engine/tensorflow/load.ts';
import type { Objective } from './lbfgs.ts';
import type { ScaledBlocks } from './scaled-blocks.ts';

/**
 * The weighted mean cross-entropy in nats plus l2/2 · |kernel|², and its gradient, as a function of kernel and bias in
 * one vector. TensorFlow computes the matrix products, a block of examples at a time.
 *
 * @param smoothing the part of each target that all classes share equally
 * @param blocks [n, d]
 * @param labels [n]
 */
export function softmaxLoss(
  blocks: ScaledBlocks,
  d: number,
  labels: Int32Array,
  classWeights: readonly number[],
): (l2: number, smoothing?: number) => Objective {
  const n = labels.length;
  const classes = classWeights.length;
  const kernelSize = d * classes;

  return (l2, smoothing = 0) =>
    async (parameters, gradient) => {
      const kernel = tf.tensor2d(Float32Array.from(parameters.subarray(0, kernelSize)), [
        d,
        classes,
      ]);
      const bias = tf.tensor1d(Float32Array.from(parameters.subarray(kernelSize)));
      let loss = 0;
      gradient.fill(0);
      try {
        await blocks.each((x, from) => {
          const blockLabels = labels.subarray(from, from + x.shape[0]); // [m]
          const labelled = tf.oneHot(tf.tensor1d(blockLabels, 'int32'), classes).toFloat(); // [m, classes]
          const target =
            smoothing === 0 ? labelled : labelled.mul(1 - smoothing).add(smoothing / classes);
          const normalised = Float32Array.from(blockLabels, (label) => at(classWeights, label) / n);
          const weights = tf.tensor2d(normalised, [blockLabels.length, 1]); // [m, 1]
          const logProbabilities = tf.logSoftmax(x.matMul(kernel).add(bias)); // [m, classes]
          const error = tf.exp(logProbabilities).sub(target).mul(weights); // [m, classes]
          loss -= weights.mul(target.mul(logProbabilities)).sum().dataSync()[0] ?? Number.NaN;
          add(gradient, x.matMul(error, true, false).dataSync(), 0); // [d, classes]
          add(gradient, error.sum(0).dataSync(), kernelSize);
        });
      } finally {
        tf.dispose([kernel, bias]);
      }

      let squares = 0;
      for (let i = 0; i < kernelSize; i++) {
        const weight = parameters[i] ?? 0;
        squares += weight * weight;
        gradient[i] = (gradient[i] ?? 0) + l2 * weight;
      }
      return loss + (l2 / 2) * squares;
    };
}

function add(sum: Float64Array, part: ArrayLike<number>, offset: number): void {
  for (let i = 0; i < part.length; i++) {
    sum[offset + i] = (sum[offset + i] ?? 0) + (part[i] ?? 0);
  }
}
