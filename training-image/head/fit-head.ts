import type { Tensor2D } from '@tensorflow/tfjs';
import type { Tell } from '../tell.ts';
import { tf } from '../tensorflow/load.ts';
import { minimise, type Smooth } from './minimise.ts';
import { type Scaling, scaled, scalingOf } from './scale-features.ts';

/** Two layers: logits = scaled(features) · kernel + bias. */
export interface Head {
  scaling: Scaling;
  kernel: Float32Array; // [d, classes] row by row
  bias: Float32Array; // [classes]
}

export interface FittedHead extends Head {
  iterations: number;
  l2: number;
  trainLossNats: number; // weighted mean cross-entropy on the train part, without the penalty
  validationAccuracy: number;
}

/** Features of some examples, with their labels. */
export interface Labelled {
  features: Float32Array; // [n, d] row by row
  labels: Int32Array; // [n]
}

/** Penalties that are tried, on scaled features; chosen: from hardly any to a nearly constant head. */
const PENALTIES = [1e-3, 1e-2, 1e-1, 1];

const TOLERANCE = 1e-4; // nats a unit of weight: the float32 sums below are no more exact than about 1e-6
const MOST_ITERATIONS = 300;

/**
 * Softmax regression on frozen features, to convergence, with the penalty that the validation part likes best
 * (accuracy first, then loss; the stronger of equals).
 *
 * @param classWeights the weight of an example by its class; their mean over the examples should be 1
 */
export function fitHead(
  train: Labelled,
  validation: Labelled,
  classWeights: readonly number[],
  tell: Tell,
): FittedHead {
  const classes = classWeights.length;
  const d = train.features.length / train.labels.length;
  const scaling = scalingOf(train.features, d);
  const objective = softmaxLoss(scaled(train.features, scaling), train.labels, classWeights);
  let best: (FittedHead & { loss: number }) | undefined;
  let start = new Float64Array((d + 1) * classes);
  try {
    for (const [tried, l2] of [...PENALTIES].reverse().entries()) {
      tell.progress('head', tried, PENALTIES.length);
      const options = { tolerance: TOLERANCE, maxIterations: MOST_ITERATIONS };
      const found = minimise(objective.penalised(l2), start, options);
      start = Float64Array.from(found.x); // the next penalty is weaker: its minimum lies further in this direction
      const head = {
        scaling,
        kernel: Float32Array.from(found.x.subarray(0, d * classes)),
        bias: Float32Array.from(found.x.subarray(d * classes)),
      };
      const { accuracy, loss } = score(head, validation);
      if (
        best &&
        (accuracy < best.validationAccuracy ||
          (accuracy === best.validationAccuracy && loss >= best.loss))
      )
        continue;
      const trainLossNats = objective.penalised(0)(found.x, new Float64Array(found.x.length));
      best = {
        ...head,
        iterations: found.iterations,
        l2,
        trainLossNats,
        validationAccuracy: accuracy,
        loss,
      };
    }
  } finally {
    objective.dispose();
  }
  tell.progress('head', PENALTIES.length, PENALTIES.length);
  if (!best) throw new Error('there is no penalty to try');
  tell.line(
    `train_loss=${best.trainLossNats.toFixed(6)} validation_accuracy=${best.validationAccuracy.toFixed(6)}`,
  );
  const { loss: _, ...fitted } = best;
  return fitted;
}

/**
 * Weighted mean cross-entropy in nats plus l2/2 · |kernel|², and its gradient, as a function of kernel and bias in one
 * vector. The two matrix products run in TensorFlow, the rest is small.
 */
function softmaxLoss(features: Float32Array, labels: Int32Array, classWeights: readonly number[]) {
  const n = labels.length;
  const classes = classWeights.length;
  const d = features.length / n;
  const x = tf.tensor2d(features, [n, d]); // [n, d]
  const wanted = tf.oneHot(tf.tensor1d(labels, 'int32'), classes).toFloat(); // [n, classes]
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

/** @returns logits [n, classes] row by row */
export function logitsOf({ scaling, kernel, bias }: Head, features: Float32Array): Float32Array {
  const classes = bias.length;
  const d = kernel.length / classes;
  const n = features.length / d;
  if (n === 0) return new Float32Array();
  return tf.tidy(
    () =>
      tf
        .tensor2d(scaled(features, scaling), [n, d])
        .matMul(tf.tensor2d(kernel, [d, classes]))
        .add(tf.tensor1d(bias))
        .dataSync() as Float32Array,
  );
}

function score(head: Head, { features, labels }: Labelled): { accuracy: number; loss: number } {
  const classes = head.bias.length;
  const logits = logitsOf(head, features);
  let correct = 0;
  let loss = 0;
  for (const [i, label] of labels.entries()) {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    if (argMax(row) === label) correct += 1;
    const most = Math.max(...row);
    loss +=
      most +
      Math.log(row.reduce((sum, each) => sum + Math.exp(each - most), 0)) -
      (row[label] ?? 0);
  }
  const n = Math.max(1, labels.length);
  return { accuracy: correct / n, loss: loss / n };
}

/** The first of the largest. */
export const argMax = (values: Float32Array): number =>
  values.reduce((best, each, i) => (each > (values[best] ?? -Infinity) ? i : best), 0);
