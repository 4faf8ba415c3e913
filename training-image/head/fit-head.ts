import { join } from 'node:path';
import { at } from '#core/at.ts';
import { gramFactor } from '#engine/gram-factor.ts';
import { smallestLoss } from '../evaluate/calibration.ts';
import { type Predictions, score } from '../evaluate/predictions.ts';
import type { Reporter, StopSignal } from '../job/reporter.ts';
import { type FloatRows, joined } from '../storage/row-file.ts';
import { type Head, headLogits } from './head.ts';
import { featuresOf, type LabelledFeatures, labelledFeatures } from './labelled-features.ts';
import { lbfgs } from './lbfgs.ts';
import { scalingOf } from './scale-features.ts';
import { blocksOf, type ScaledBlocks, scaledBlocks } from './scaled-blocks.ts';
import { softmaxLoss } from './softmax-loss.ts';

/** What heads are fitted to: the features of all examples. */
export interface HeadData {
  features: FloatRows; // [n, d]
  labels: Int32Array; // [n]
  /** The weight of an example by its class, given the labels of the examples fitted to; the mean over them is 1. */
  weigh(labels: Int32Array): number[];
  scratch: string; // a folder for what memory should not hold
}

/** Examples to fit to, and examples to judge the result by; indices among all. */
export interface Split {
  train: Int32Array;
  heldOut: Int32Array;
}

/** L2 penalties that are tried, for scaled features; chosen: from hardly any to a nearly constant head. */
const PENALTIES = [1, 1e-1, 1e-2, 1e-3];

const SMOOTHING = 0.2;

const TOLERANCE = 1e-4; // nats per unit of weight: the float32 sums are no more exact than about 1e-6
const MAX_ITERATIONS = 300;
const RESOLUTION = 1e-6; // of a sum of float32 values

/** How a head is fitted. */
export interface HeadSettings {
  l2: number;
  smoothing: number; // of the labels: the part of each target that all classes share equally
}

/** Heads that were fitted without the examples they are judged by. */
export interface JudgedHeads extends HeadSettings {
  heads: readonly Head[]; // one per split, fitted to its train part
  /** For the held-out examples of the splits of the first repeat, in order: one prediction per example. */
  predictions: Predictions;
  accuracies: readonly number[]; // of each repeat
}

/**
 * Chooses the penalty with the smallest loss on held-out examples, which depends less on chance than the accuracy does.
 * Then labels are smoothed if that gives a smaller loss still, after temperature scaling. Measured with EfficientNet-Lite0
 * at 96 px on 1,000 CIFAR-10 images, accuracy on 1,000 others: smoothing takes a head on `inner` from 81.5 to 83.1%, and
 * leaves one on `last` at 77%.
 *
 * Each penalty starts from the solution of the next stronger one. To the same minima, on 2,000 MNIST digits and for the
 * three strongest penalties, that took 133 evaluations; 177 from zero; 160 from the closed form of the ridge regression.
 *
 * @param folds the number of splits that hold out every example once; if there are more splits, the others repeat that
 * @param smoothings that are tried
 */
export async function chooseHeads(
  data: HeadData,
  { splits, folds }: { splits: readonly Split[]; folds: number },
  report: Reporter,
  stop: StopSignal,
  smoothings: readonly number[] = [0, SMOOTHING],
): Promise<JudgedHeads> {
  const fits = splits.length * (PENALTIES.length + smoothings.length - 1);
  let done = 0;
  const onIteration = () => {
    stop.throwIfRequested();
    report.progress('head', done, fits);
  };
  const judged = async (settings: readonly HeadSettings[]) => {
    const found = await fitOnSplits(data, splits, settings, onIteration, () => {
      done += 1;
    });
    return found.map((each, i) => judge(data.labels, splits, folds, each, at(settings, i)));
  };
  const plain = await judged(PENALTIES.map((l2) => ({ l2, smoothing: 0 })));
  const best = plain.reduce((a, b) => (b.loss < a.loss ? b : a));
  const smoothed = await judged(
    smoothings.filter((each) => each > 0).map((smoothing) => ({ l2: best.l2, smoothing })),
  );
  report.progress('head', fits, fits);
  return smoothed.reduce((a, b) => (scaledLoss(b) < scaledLoss(a) ? b : a), best);
}

const scaledLoss = ({ predictions }: JudgedHeads): number =>
  predictions.labels.length === 0 ? 0 : smallestLoss(predictions).loss;

/** For each of the settings, the head of each split and its logits for the held-out examples. */
async function fitOnSplits(
  data: HeadData,
  splits: readonly Split[],
  settings: readonly HeadSettings[],
  onIteration: () => void,
  onFit: () => void,
) {
  const found = settings.map(() => ({ heads: [] as Head[], logits: [] as Float32Array[] }));
  if (settings.length === 0) return found;
  for (const { train, heldOut } of splits) {
    const problem = await openProblem(data, train, onIteration);
    try {
      let start: Float64Array | undefined;
      for (const [i, each] of settings.entries()) {
        const { head, x } = await problem.solve(each, start);
        start = x; // the next penalty is weaker: its minimum lies further in this direction
        const { heads, logits } = at(found, i);
        heads.push(head);
        logits.push(await headLogits(head, featuresOf(data.features, heldOut)));
        onFit();
      }
    } finally {
      await problem.close();
    }
  }
  return found;
}

function judge(
  labels: Int32Array,
  splits: readonly Split[],
  folds: number,
  { heads, logits }: { heads: Head[]; logits: Float32Array[] },
  settings: HeadSettings,
): JudgedHeads & { loss: number } {
  const repeats: Predictions[] = [];
  for (let from = 0; from < splits.length; from += folds) {
    const heldOut = splits.slice(from, from + folds).flatMap((split) => [...split.heldOut]);
    repeats.push({
      logits: joined(logits.slice(from, from + folds)),
      labels: Int32Array.from(heldOut, (index) => at(labels, index)),
    });
  }
  const scores = repeats.map(score);
  const loss = scores.reduce((sum, { crossEntropy }) => sum + crossEntropy, 0);
  const accuracies = scores.map(({ accuracy }) => accuracy);
  return { ...settings, heads, predictions: at(repeats, 0), accuracies, loss };
}

export interface FittedHead {
  head: Head;
  examples: number;
  classWeights: number[];
  iterations: number;
  l2: number;
  smoothing: number;
  crossEntropy: number; // of those examples: weighted mean in nats, without the penalty
}

/**
 * Fits softmax regression on frozen features, to convergence.
 *
 * @param indices of the examples to fit to, among all
 */
export async function fitHead(
  data: HeadData,
  indices: Int32Array,
  { l2, smoothing }: HeadSettings,
  report: Reporter,
  stop: StopSignal,
): Promise<FittedHead> {
  const problem = await openProblem(data, indices, () => {
    stop.throwIfRequested();
    report.progress('fit-head', 0, 1);
  });
  try {
    const { head, iterations, crossEntropy } = await problem.solve({ l2, smoothing }, undefined);
    report.progress('fit-head', 1, 1);
    const { classWeights } = problem;
    return {
      head,
      examples: indices.length,
      classWeights,
      iterations,
      l2,
      smoothing,
      crossEntropy,
    };
  } finally {
    await problem.close();
  }
}

/**
 * Scales some examples once, so that heads with any penalty can be fitted to them.
 *
 * @param onWork called often
 */
async function openProblem(data: HeadData, indices: Int32Array, onWork: () => void) {
  const examples: LabelledFeatures = labelledFeatures(data.features, indices, data.labels);
  const { n, d, labels } = examples;
  const classWeights = data.weigh(labels);
  const classes = classWeights.length;
  const scaling = await scalingOf(examples, onWork);
  const file = join(data.scratch, 'scaled.f32');
  const scaledExamples = await scaledBlocks(examples, scaling, file, onWork);
  // Fewer examples than features span only a part of the space: the same minimum is found there, in less time.
  const span = n < d && n <= MAX_SPAN ? await spanOf(scaledExamples, n, d) : undefined;
  const blocks = span?.blocks ?? scaledExamples;
  const width = span ? n : d;
  const lossWith = softmaxLoss(blocks, width, labels, classWeights);
  return {
    classWeights,
    async solve({ l2, smoothing }: HeadSettings, start: Float64Array | undefined) {
      onWork();
      const { x, iterations } = await lbfgs(
        lossWith(l2, smoothing),
        start ?? new Float64Array((width + 1) * classes),
        {
          tolerance: TOLERANCE,
          maxIterations: MAX_ITERATIONS,
          resolution: RESOLUTION,
          onIteration: onWork,
        },
      );
      const found = Float32Array.from(x.subarray(0, width * classes));
      const kernel = span ? span.factor.extend(found, classes) : found;
      const bias = Float32Array.from(x.subarray(width * classes));
      const crossEntropy = await lossWith(0)(x, new Float64Array(x.length));
      return { head: { scaling, kernel, bias }, x, iterations, crossEntropy };
    },
    async close() {
      span?.factor.dispose();
      await scaledExamples.close();
    },
  };
}

const MAX_SPAN = 4_000; // examples; chosen: the factor takes time with their third power, and 64 MB

async function spanOf(scaledExamples: ScaledBlocks, n: number, d: number) {
  const all = new Float32Array(n * d);
  await scaledExamples.each((x, from) => {
    all.set(x.dataSync() as Float32Array, from * d);
  });
  const factor = gramFactor(all, n);
  return { factor, blocks: blocksOf(factor.rows, n) };
}
