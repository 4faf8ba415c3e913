import type { Tensor2D } from '@tensorflow/tfjs';
import { tf } from '../tensorflow/load.ts';
import type { Smooth } from './minimise.ts';

/**
 * Weighted mean cross-entropy in nats plus l2/2 · |kernel|², and its gradient, as a function of kernel and bias in one
 * vector. The two matrix products run in TensorFlow, the rest is small.
 */
export function softmaxLoss(
  features: Float32Array,
  labels: Int32Array,
  classWeights: readonly number[],
) {
  const n = labels.length;
  const classes = classWeights.length;
  const d = features.length / n;
  const x = tf.tensor2d(features, [n, d]); // [n, d]
  const wanted = tf.tidy(() => tf.oneHot(tf.tensor1d(labels, 'int32'), classes).toFloat()); // [n, classes]
  const weights = tf.tensor2d(
    Float32Array.from(labels, (label) => (classWeights[label] ?? 1) / n),
    [n, 1],
  ); // [n, 1]

  const penalised =
    (l2: number): Smooth =>
    (parameters, gradient) =>
      tf.tidy(() => {
        const kernel = tf.tensor2d(Float32Array.from(parameters.subarray(0, d * classes)), [
          d,
          classes,
        ]);
        const bias = tf.tensor1d(Float32Array.from(parameters.subarray(d * classes)));
        const logits = x.matMul(kernel).add(bias) as Tensor2D; // [n, classes]
        const logProbabilities = tf.logSoftmax(logits); // [n, classes]
        const loss = weights.mul(wanted.mul(logProbabilities)).sum().neg();
        const error = tf.exp(logProbabilities).sub(wanted).mul(weights) as Tensor2D; // [n, classes]
        const kernelGradient = x.matMul(error, true, false).dataSync(); // [d, classes]
        gradient.set(kernelGradient);
        gradient.set(error.sum(0).dataSync(), d * classes);

        let squares = 0;
        for (let i = 0; i < d * classes; i++) {
          const weight = parameters[i] ?? 0;
          squares += weight * weight;
          gradient[i] = (gradient[i] ?? 0) + l2 * weight;
        }
        return (loss.dataSync()[0] ?? 0) + (l2 / 2) * squares;
      });
  return { penalised, dispose: () => tf.dispose([x, wanted, weights]) };
}
