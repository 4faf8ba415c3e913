import { join } from 'node:path';
import { score } from '../evaluate/predictions.ts';
import type { Reporter, StopSignal } from '../job/reporter.ts';
import { type Head, headLogits } from './head.ts';
import { concatenated, type LabelledFeatures } from './labelled-features.ts';
import { lbfgs } from './lbfgs.ts';
import { scalingOf } from './scale-features.ts';
import { scaledBlocks } from './scaled-blocks.ts';
import { softmaxLoss } from './softmax-loss.ts';

export interface FittedHead {
  head: Head; // fitted on train and validation together
  examples: number;
  classWeights: number[];
  iterations: number;
  l2: number;
  crossEntropy: number; // of those examples: weighted mean in nats, without the penalty
  beforeRefit: Head; // with the same penalty, fitted on train alone: the baseline for fine-tuning
  validation: { accuracy: number; crossEntropy: number }; // of `beforeRefit`
}

/** L2 penalties that are tried, for scaled features; chosen: from hardly any to a nearly constant head. */
const PENALTIES = [1e-3, 1e-2, 1e-1, 1];

const TOLERANCE = 1e-4; // nats per unit of weight: the float32 sums are no more exact than about 1e-6
const MAX_ITERATIONS = 300;
const RESOLUTION = 1e-6; // of a sum of float32 values

export interface HeadFitting {
  train: LabelledFeatures;
  validation: LabelledFeatures;
  /** The weight of an example by its class, given the labels of all examples; the mean over them is 1. */
  weigh(labels: Int32Array): number[];
  scratch: string; // a folder for what memory should not hold
}

/**
 * Fits softmax regression on frozen features, to convergence. The penalty is the one with the smallest loss on the
 * validation part, which depends less on chance than the accuracy does. Then the head is fitted again on both parts,
 * since a small dataset cannot spare any examples; the validation results are those of the head before that.
 *
 * Each penalty starts from the solution of the next stronger one. To the same minima, on 2,000 MNIST digits and for the
 * three strongest penalties, that took 133 evaluations; 177 from zero; 160 from the closed form of the ridge regression.
 */
export async function fitHead(
  fitting: HeadFitting,
  report: Reporter,
  stop: StopSignal,
): Promise<FittedHead> {
  const { l2, head: beforeRefit, validation, x } = await choosePenalty(fitting, report, stop);
  const both = concatenated(fitting.train, fitting.validation);
  const classWeights = fitting.weigh(both.labels);
  const checkStop = () => {
    stop.throwIfRequested();
    report.progress('head', PENALTIES.length, FITS);
  };
  const problem = await openProblem(both, classWeights, fitting.scratch, checkStop);
  try {
    const { head, iterations, crossEntropy } = await problem.solve(l2, x, checkStop);
    report.progress('head', FITS, FITS);
    const accuracy = validation.accuracy.toFixed(6);
    report.line(`train_loss=${crossEntropy.toFixed(6)} validation_accuracy=${accuracy}`);
    return {
      head,
      examples: both.n,
      classWeights,
      iterations,
      l2,
      crossEntropy,
      beforeRefit,
      validation,
    };
  } finally {
    await problem.close();
  }
}

const FITS = PENALTIES.length + 1;

/** The head with the smallest loss on validation, and its parameters as the solver has them. */
type Best = Pick<FittedHead, 'l2' | 'head' | 'validation'> & { x: Float64Array };

async function choosePenalty(
  { train, validation, weigh, scratch }: HeadFitting,
  report: Reporter,
  stop: StopSignal,
): Promise<Best> {
  let tried = 0;
  const checkStop = () => {
    stop.throwIfRequested();
    report.progress('head', tried, FITS);
  };
  const problem = await openProblem(train, weigh(train.labels), scratch, checkStop);
  let best: Best | undefined;
  let start: Float64Array | undefined;
  try {
    for (const l2 of [...PENALTIES].reverse()) {
      const { head, x } = await problem.solve(l2, start, checkStop);
      start = x; // the next penalty is weaker: its minimum lies further in this direction
      const logits = await headLogits(head, validation);
      const found = score({ logits, labels: validation.labels });
      if (!best || found.crossEntropy < best.validation.crossEntropy)
        best = { l2, head, validation: found, x };
      tried += 1;
    }
  } finally {
    await problem.close();
  }
  if (!best) throw new Error('There is no penalty to try.');
  return best;
}

/**
 * Scales some examples once, so that heads with any penalty can be fitted to them.
 *
 * @param onBlock called before each block of features is read
 */
async function openProblem(
  examples: LabelledFeatures,
  classWeights: readonly number[],
  scratch: string,
  onBlock: () => void,
) {
  const { d, labels } = examples;
  const classes = classWeights.length;
  const scaling = await scalingOf(examples, onBlock);
  const file = join(scratch, 'scaled.f32');
  const blocks = await scaledBlocks(examples, scaling, file, onBlock);
  const lossWith = softmaxLoss(blocks, d, labels, classWeights);
  return {
    async solve(l2: number, start: Float64Array | undefined, onIteration: () => void) {
      onIteration();
      const { x, iterations } = await lbfgs(
        lossWith(l2),
        start ?? new Float64Array((d + 1) * classes),
        {
          tolerance: TOLERANCE,
          maxIterations: MAX_ITERATIONS,
          resolution: RESOLUTION,
          onIteration,
        },
      );
      const kernel = Float32Array.from(x.subarray(0, d * classes));
      const bias = Float32Array.from(x.subarray(d * classes));
      const crossEntropy = await lossWith(0)(x, new Float64Array(x.length));
      return { head: { scaling, kernel, bias }, x, iterations, crossEntropy };
    },
    close: blocks.close,
  };
}
