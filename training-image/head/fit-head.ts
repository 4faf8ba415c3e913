import { join } from 'node:path';
import { score } from '../evaluate/predictions.ts';
import type { Tell } from '../job/reporter.ts';
import { headLogits } from './head-logits.ts';
import { joined, type Labelled } from './labelled-features.ts';
import { minimise } from './lbfgs.ts';
import { type Scaling, scalingOf } from './scale-features.ts';
import { scaledBlocks } from './scaled-blocks.ts';
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
  crossEntropy: number; // weighted mean cross-entropy on those examples, without the penalty
  beforeRefit: Head; // the same penalty's, fitted on train alone: what others are compared with
  validation: { accuracy: number; crossEntropy: number }; // of that one
}

/** Penalties that are tried, on scaled features; chosen: from hardly any to a nearly constant head. */
const PENALTIES = [1e-3, 1e-2, 1e-1, 1];

const TOLERANCE = 1e-4; // nats a unit of weight: the float32 sums are no more exact than about 1e-6
const MOST_ITERATIONS = 300;
const RESOLUTION = 1e-6; // of a sum of 32-bit floats

export interface HeadFitting {
  train: Labelled;
  validation: Labelled;
  /** The weight of an example by its class, for the labels that it is given; their mean over those is 1. */
  weigh(labels: Int32Array): number[];
  scratch: string; // a folder for what memory should not hold
}

/**
 * Softmax regression on frozen features, to convergence. The penalty is the one with the smallest loss on the
 * validation part, which is less a matter of luck than the accuracy; then the head is fitted once more on both parts,
 * since a small dataset has nothing to give away. What is said of the validation part is said of the head before that.
 *
 * Each penalty starts where the stronger one ended. To the same minima, on 2,000 MNIST digits and for the three strongest, that
 * took 133 evaluations; 177 from zero; 160 from the closed form of the ridge regression, besides its solution.
 */
export async function fitHead(fitting: HeadFitting, tell: Tell): Promise<FittedHead> {
  const chosen = await choosePenalty(fitting, tell);
  const { l2, validation } = chosen;
  const both = joined(fitting.train, fitting.validation);
  const classWeights = fitting.weigh(both.labels);
  const between = () => fits(tell, PENALTIES.length);
  const problem = await problemOf(both, classWeights, fitting.scratch, between);
  try {
    const { head, iterations, crossEntropy } = await problem.solve(l2, chosen.start, between);
    fits(tell, FITS);
    const accuracy = validation.accuracy.toFixed(6);
    tell.line(`train_loss=${crossEntropy.toFixed(6)} validation_accuracy=${accuracy}`);
    const found = { head, examples: both.n, classWeights, iterations, l2, crossEntropy };
    return { ...found, beforeRefit: chosen.head, validation };
  } finally {
    await problem.close();
  }
}

const FITS = PENALTIES.length + 1;
const fits = (tell: Tell, done: number) => tell.progress('head', done, FITS);

type Chosen = Pick<FittedHead, 'l2' | 'head' | 'validation'> & { start: Float64Array };

async function choosePenalty(fitting: HeadFitting, tell: Tell): Promise<Chosen> {
  const { train, validation, weigh } = fitting;
  const weights = weigh(train.labels);
  const problem = await problemOf(train, weights, fitting.scratch, () => fits(tell, 0));
  let best: Chosen | undefined;
  let start: Float64Array | undefined;
  try {
    for (const [tried, l2] of [...PENALTIES].reverse().entries()) {
      const { head, x } = await problem.solve(l2, start, () => fits(tell, tried));
      start = x; // the next penalty is weaker: its minimum lies further in this direction
      const logits = await headLogits(head, validation);
      const found = score({ logits, labels: validation.labels });
      if (!best || found.crossEntropy < best.validation.crossEntropy)
        best = { l2, head, validation: found, start: x };
    }
  } finally {
    await problem.close();
  }
  if (!best) throw new Error('there is no penalty to try');
  return best;
}

/** Some examples, ready to be fitted with any penalty. */
async function problemOf(
  examples: Labelled,
  classWeights: readonly number[],
  scratch: string,
  between: () => void,
) {
  const { d, labels } = examples;
  const classes = classWeights.length;
  const scaling = await scalingOf(examples, between);
  const file = join(scratch, 'scaled.f32');
  const blocks = await scaledBlocks(examples, scaling, file, between);
  const penalised = softmaxLoss(blocks, d, labels, classWeights);
  return {
    async solve(l2: number, start: Float64Array | undefined, onIteration: () => void) {
      onIteration();
      const { x, iterations } = await minimise(
        penalised(l2),
        start ?? new Float64Array((d + 1) * classes),
        {
          tolerance: TOLERANCE,
          maxIterations: MOST_ITERATIONS,
          resolution: RESOLUTION,
          onIteration,
        },
      );
      const kernel = Float32Array.from(x.subarray(0, d * classes));
      const bias = Float32Array.from(x.subarray(d * classes));
      const crossEntropy = await penalised(0)(x, new Float64Array(x.length));
      return { head: { scaling, kernel, bias }, x, iterations, crossEntropy };
    },
    close: blocks.close,
  };
}
