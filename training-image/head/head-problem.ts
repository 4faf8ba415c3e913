import { join } from 'node:path';
import { gramFactor } from '#engine/gram-factor.ts';
import type { FloatRows } from '../storage/row-file.ts';
import { type LabelledFeatures, labelledFeatures } from './labelled-features.ts';
import { lbfgs } from './lbfgs.ts';
import { preconditionerFor } from './preconditioner.ts';
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

/** How a head is fitted. */
export interface HeadSettings {
  l2: number;
  smoothing: number; // of the labels: the part of each target that all classes share equally
}

const TOLERANCE = 1e-4; // nats per unit of weight: the float32 sums are no more exact than about 1e-6
const MAX_ITERATIONS = 300;
const RESOLUTION = 1e-6; // of a sum of float32 values

/**
 * Scales some examples once, so that heads with any penalty can be fitted to them.
 *
 * @param onWork called often
 */
export async function openProblem(data: HeadData, indices: Int32Array, onWork: () => void) {
  const examples: LabelledFeatures = labelledFeatures(data.features, indices, data.labels);
  const { n, d, labels } = examples;
  const classWeights = data.weigh(labels);
  const classes = classWeights.length;
  const scaling = await scalingOf(examples, onWork);
  const file = join(data.scratch, 'scaled.f32');
  const scaledExamples = await scaledBlocks(examples, scaling, file, onWork);
  // Fewer examples than features span only a part of the space: the same minimum is found there, in less time.
  const span =
    n < d && n <= MAX_SPAN
      ? await spanOf(scaledExamples, n, d).catch(async (error: unknown) => {
          await scaledExamples.close();
          throw error;
        })
      : undefined;
  const blocks = span?.blocks ?? scaledExamples;
  const width = span ? n : d;
  const lossWith = softmaxLoss(blocks, width, labels, classWeights);
  const shape = { n, d: width, classes };
  /** Only for smoothed labels, and where its factor is not too large. */
  const conditionerFor = async (l2: number, smoothing: number) =>
    smoothing > 0 && width <= MAX_SPAN
      ? preconditionerFor(blocks, shape, l2, curvatureOf(smoothing, classes))
      : undefined;
  return {
    classWeights,
    async solve({ l2, smoothing }: HeadSettings, start: Float64Array | undefined) {
      onWork();
      const conditioner = await conditionerFor(l2, smoothing);
      const minimum = lbfgs(
        lossWith(l2, smoothing),
        start ?? new Float64Array((width + 1) * classes),
        {
          tolerance: TOLERANCE,
          maxIterations: MAX_ITERATIONS,
          resolution: RESOLUTION,
          onIteration: onWork,
          ...(conditioner && { precondition: conditioner.apply }),
        },
      );
      const { x, iterations } = await minimum.finally(() => conditioner?.dispose());
      const found = Float32Array.from(x.subarray(0, width * classes));
      const kernel = span ? span.factor.extend(found, classes) : found;
      const bias = Float32Array.from(x.subarray(width * classes));
      const crossEntropy = await lossWith(0)(x, new Float64Array(x.length));
      return { head: { scaling, kernel, bias }, x, iterations, crossEntropy };
    },
    async close() {
      span?.factor.dispose();
      await span?.blocks.close();
      await scaledExamples.close();
    },
  };
}

const MAX_SPAN = 4_000; // rows and columns; chosen: a factor takes time with their third power, and 64 MB

async function spanOf(scaledExamples: ScaledBlocks, n: number, d: number) {
  const all = new Float32Array(n * d);
  await scaledExamples.each((x, from) => {
    all.set(x.dataSync() as Float32Array, from * d);
  });
  const factor = gramFactor(all, n);
  return { factor, blocks: blocksOf(factor.rows, n) };
}

/** Mean of p (1 − p) over the classes, where the probabilities p are the targets. */
function curvatureOf(smoothing: number, classes: number): number {
  const others = smoothing / classes;
  const own = 1 - smoothing + others;
  return (own * (1 - own) + (classes - 1) * others * (1 - others)) / classes;
}
