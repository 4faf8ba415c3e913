import { score } from '../logits.ts';
import type { Tell } from '../tell.ts';
import { tf } from '../tensorflow/load.ts';
import type { Labelled } from './labelled.ts';
import { minimise } from './minimise.ts';
import { type Scaling, scaled, scalingOf } from './scale-features.ts';
import { softmaxLoss } from './softmax-loss.ts';

/** Two layers: logits = scaled(features) · kernel + bias. */
export interface Head {
  scaling: Scaling;
  kernel: Float32Array; // [d, classes] row by row
  bias: Float32Array; // [classes]
}

export interface FittedHead {
  head: Head; // fitted on train and validation together
  examples: number;
  classWeights: number[];
  iterations: number;
  l2: number;
  lossNats: number; // weighted mean cross-entropy on those examples, without the penalty
  beforeRefit: Head; // the same penalty's, fitted on train alone: what others are compared with
  validation: { accuracy: number; lossNats: number }; // of that one
}

/** Penalties that are tried, on scaled features; chosen: from hardly any to a nearly constant head. */
const PENALTIES = [1e-3, 1e-2, 1e-1, 1];

const TOLERANCE = 1e-4; // nats a unit of weight: the float32 sums are no more exact than about 1e-6
const MOST_ITERATIONS = 300;
const RESOLUTION = 1e-6; // of a sum of 32-bit floats

/**
 * Softmax regression on frozen features, to convergence. The penalty is the one with the smallest loss on the
 * validation part, which is less a matter of luck than the accuracy; then the head is fitted once more on both parts,
 * since a small dataset has nothing to give away. What is said of the validation part is said of the head before that.
 *
 * @param weigh the weight of an example by its class, for the labels it is given; their mean over those is 1
 */
export function fitHead(
  train: Labelled,
  validation: Labelled,
  weigh: (labels: Int32Array) => number[],
  tell: Tell,
): FittedHead {
  const chosen = choosePenalty(train, validation, weigh, tell);
  const { l2, head: beforeRefit, validation: validated } = chosen;
  const both = joined(train, validation);
  const classWeights = weigh(both.labels);
  const { solve, dispose } = problemOf(both, classWeights);
  const { head, iterations, lossNats } = solve(l2, chosen.start, () =>
    fits(tell, PENALTIES.length),
  );
  dispose();
  fits(tell, FITS);
  tell.line(
    `train_loss=${lossNats.toFixed(6)} validation_accuracy=${validated.accuracy.toFixed(6)}`,
  );
  const examples = both.labels.length;
  const fitted = { head, examples, classWeights, iterations, l2, lossNats };
  return { ...fitted, beforeRefit, validation: validated };
}

const FITS = PENALTIES.length + 1;
const fits = (tell: Tell, done: number) => tell.progress('head', done, FITS);

function choosePenalty(
  train: Labelled,
  validation: Labelled,
  weigh: (labels: Int32Array) => number[],
  tell: Tell,
) {
  const { solve, dispose } = problemOf(train, weigh(train.labels));
  let best: (Pick<FittedHead, 'l2' | 'head' | 'validation'> & { start: Float64Array }) | undefined;
  let start: Float64Array | undefined;
  for (const [tried, l2] of [...PENALTIES].reverse().entries()) {
    const { head, x } = solve(l2, start, () => fits(tell, tried));
    start = x; // the next penalty is weaker: its minimum lies further in this direction
    const { labels } = validation;
    const found = score({ logits: logitsOf(head, validation.features), labels });
    if (!best || found.lossNats < best.validation.lossNats)
      best = { l2, head, validation: found, start: x };
  }
  dispose();
  if (!best) throw new Error('there is no penalty to try');
  return best;
}

/** Some examples, ready to be fitted with any penalty. */
function problemOf({ features, labels }: Labelled, classWeights: readonly number[]) {
  const d = features.length / labels.length;
  const classes = classWeights.length;
  const scaling = scalingOf(features, d);
  const objective = softmaxLoss(scaled(features, scaling), labels, classWeights);
  return {
    solve(
      l2: number,
      start: Float64Array = new Float64Array((d + 1) * classes),
      onIteration: () => void = () => undefined,
    ) {
      onIteration();
      const { x, iterations } = minimise(objective.penalised(l2), start, {
        tolerance: TOLERANCE,
        maxIterations: MOST_ITERATIONS,
        resolution: RESOLUTION,
        onIteration,
      });
      const kernel = Float32Array.from(x.subarray(0, d * classes));
      const bias = Float32Array.from(x.subarray(d * classes));
      const lossNats = objective.penalised(0)(x, new Float64Array(x.length));
      return { head: { scaling, kernel, bias }, x, iterations, lossNats };
    },
    dispose: objective.dispose,
  };
}

function joined(a: Labelled, b: Labelled): Labelled {
  const features = new Float32Array(a.features.length + b.features.length);
  features.set(a.features);
  features.set(b.features, a.features.length);
  return { features, labels: Int32Array.from([...a.labels, ...b.labels]) };
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
