import { at } from '#core/at.ts';
import type { StudentCard } from '#core/card.ts';
import type { TrainingStep } from '#engine/training-step.ts';
import type { Values } from '#engine/variables.ts';
import { seededRandom, shuffled } from '../data/seeded-random.ts';
import { score } from '../evaluate/predictions.ts';
import { isOutOfMemory, TrainingInterrupted } from '../job/errors.ts';
import type { Reporter, StopSignal } from '../job/reporter.ts';
import type { Checkpoint, FineTuningProgress } from './checkpoint.ts';
import { lrScaleAt, type Schedule } from './schedule.ts';
import type { Source } from './sources.ts';

/** The examples of one part of the split, with their labels. */
export interface LabelledSource {
  source: Source;
  labels: Int32Array; // [n]
}

export interface FineTuningRun {
  step: TrainingStep;
  train: LabelledSource;
  validation: LabelledSource;
  schedule: Schedule;
  seed: number;
  /** Where an interrupted run stopped, if there was one. */
  resumeFrom: Checkpoint | undefined;
  saveCheckpoint(checkpoint: Checkpoint): Promise<void>;
  /** Seconds since this run began. */
  elapsed(): number;
  /** For this run and all that it resumes. */
  budgetSeconds: number;
}

export interface Outcome {
  best: NonNullable<FineTuningProgress['best']> | undefined; // none if it stopped before the first epoch was validated
  bestWeights: Values;
  epochs: number; // begun
  stopped: NonNullable<StudentCard['fineTuning']>['stopped'];
  batchSize: number;
}

const CHECKPOINT_INTERVAL_SECONDS = 60;

/**
 * Trains epoch by epoch, and keeps the weights with the smallest validation loss. It stops at the first loss that is
 * not finite: the weights are then lost, and every further step would be wasted.
 */
export async function runEpochs(
  run: FineTuningRun,
  report: Reporter,
  stop: StopSignal,
): Promise<Outcome> {
  const { step, train, schedule, resumeFrom } = run;
  const { n } = train.source;
  const progress = resumeFrom ? { ...resumeFrom.progress } : initialProgress(schedule);
  let bestWeights: Values = resumeFrom?.bestWeights ?? new Map();
  if (resumeFrom) step.assign(resumeFrom);

  const spent = progress.seconds; // in earlier runs
  const isOver = () => spent + run.elapsed() >= run.budgetSeconds;
  let savedAt = run.elapsed();
  const save = async () => {
    savedAt = run.elapsed();
    progress.seconds = spent + savedAt;
    await run.saveCheckpoint({ progress: { ...progress }, ...step.read(), bestWeights });
  };
  const saveNowAndThen = async () => {
    if (run.elapsed() - savedAt > CHECKPOINT_INTERVAL_SECONDS) await save();
  };
  const outcome = (stopped: Outcome['stopped'], epochs: number): Outcome => {
    return { best: progress.best, bestWeights, epochs, stopped, batchSize: progress.batchSize };
  };

  try {
    while (progress.epoch < schedule.epochs) {
      const { best, epoch } = progress;
      if (best && epoch - best.epoch > schedule.patience) return outcome('early-stopping', epoch);
      if (isOver() && progress.seen < n) return outcome('budget', epoch);
      const allFinite = await runEpoch(run, progress, isOver, saveNowAndThen, report, stop);
      if (!allFinite) return outcome('diverged', epoch + 1);

      const isComplete = progress.seen === n;
      const validation = await validate(run, progress.batchSize, report, stop);
      const trainLoss = progress.lossSum / Math.max(1, progress.seen);
      report.line(
        `epoch=${epoch + 1} train_loss=${trainLoss.toFixed(6)} validation_accuracy=${validation.accuracy.toFixed(6)} validation_loss=${validation.crossEntropy.toFixed(6)}`,
      );
      if (!Number.isFinite(validation.crossEntropy)) return outcome('diverged', epoch + 1);
      if (!best || validation.crossEntropy < best.crossEntropy) {
        progress.best = { epoch: epoch + 1, ...validation };
        bestWeights = step.read().weights;
      }
      if (!isComplete) return outcome('budget', epoch + 1);
      Object.assign(progress, { epoch: epoch + 1, seen: 0, lossSum: 0 });
      await save();
    }
    report.progress('fine-tune', schedule.epochs * n, schedule.epochs * n);
    return outcome('schedule', schedule.epochs);
  } catch (error) {
    if (error instanceof TrainingInterrupted) await save();
    throw error;
  }
}

const initialProgress = ({ batchSize }: Schedule): FineTuningProgress => ({
  epoch: 0,
  seen: 0,
  lossSum: 0,
  batchSize,
  seconds: 0,
});

/**
 * Trains the rest of an epoch, or as much of it as the budget allows.
 *
 * @returns whether all losses were finite
 */
async function runEpoch(
  run: FineTuningRun,
  progress: FineTuningProgress,
  isOver: () => boolean,
  afterBatch: () => Promise<void>,
  report: Reporter,
  stop: StopSignal,
): Promise<boolean> {
  const { train, schedule, seed } = run;
  const { epoch } = progress;
  const { n } = train.source;
  const order = shuffled(n, seededRandom('order', seed, epoch));
  const total = schedule.epochs * n;
  const request = (seen: number) => {
    const indices = order.subarray(seen, seen + nextBatchSize(n - seen, progress.batchSize));
    const input = train.source.rows(epoch, indices);
    input.catch(() => undefined); // its error is thrown where it is awaited, if it ever is
    return { indices, input };
  };

  let batch = request(progress.seen);
  while (progress.seen < n && !isOver()) {
    stop.throwIfRequested();
    report.progress('fine-tune', epoch * n + progress.seen, total);
    const { indices } = batch;
    const input = await batch.input;
    const seen = progress.seen + indices.length;
    if (seen < n) batch = request(seen); // the disk and sharp work while TensorFlow does

    const labels = indices.map((index) => at(train.labels, index));
    const batchScale = progress.batchSize / schedule.batchSize; // half the batch size, half the learning rate
    const lrScale = batchScale * lrScaleAt((epoch * n + seen) / total);
    const loss = stepUnlessTooLarge(run, { input, labels }, lrScale);
    if (loss === undefined) {
      if (progress.batchSize === 1) throw new Error('Out of memory with a batch size of 1.');
      progress.batchSize = Math.ceil(progress.batchSize / 2);
      report.line(`Out of memory; continuing with a batch size of ${progress.batchSize}.`);
      batch = request(progress.seen);
      continue;
    }
    if (!Number.isFinite(loss)) return false;
    progress.lossSum += loss * indices.length;
    progress.seen = seen;
    await afterBatch();
  }
  return true;
}

/** Divides the rest evenly: a last batch of one image would count as much as all others. */
const nextBatchSize = (rest: number, batchSize: number): number =>
  Math.ceil(rest / Math.ceil(rest / batchSize));

/** @returns the mean loss of the batch; `undefined` if memory ran out, and nothing has changed */
function stepUnlessTooLarge(
  { step }: FineTuningRun,
  batch: { input: Uint8Array | Float32Array; labels: Int32Array },
  lrScale: number,
): number | undefined {
  try {
    return step.step(batch, lrScale).loss;
  } catch (error) {
    if (isOutOfMemory(String(error))) return undefined;
    throw error;
  }
}

async function validate(
  { step, validation }: FineTuningRun,
  batchSize: number,
  report: Reporter,
  stop: StopSignal,
) {
  const { source, labels } = validation;
  const logits = new Float32Array(labels.length * step.classes);
  for (let from = 0; from < source.n; from += batchSize) {
    stop.throwIfRequested();
    report.progress('validate', from, source.n);
    const count = Math.min(batchSize, source.n - from);
    const indices = Int32Array.from({ length: count }, (_, i) => from + i);
    logits.set(step.evaluate(await source.rows(0, indices)), from * step.classes);
  }
  return score({ logits, labels });
}
