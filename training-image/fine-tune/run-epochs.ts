import { at } from '#core/at.ts';
import type { TrainingStep } from '#engine/training-step.ts';
import type { Values } from '#engine/variables.ts';
import { seededRandom, shuffled } from '../data/seeded-random.ts';
import { score } from '../evaluate/predictions.ts';
import { isOutOfMemory, TrainingInterrupted } from '../job/errors.ts';
import type { Reporter, StopSignal } from '../job/reporter.ts';
import type { Checkpoint, EpochEnd, FineTuningProgress } from './checkpoint.ts';
import { examplesIn, type Pace, startPace } from './pace.ts';
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
  weights: Values | undefined; // of the trained layers after the last step; none if there was no step, or it diverged
  epochs: number; // begun
  stopped: 'schedule' | 'budget' | 'diverged'; // `budget` also if the schedule was shortened to fit
  batchSize: number;
  curve: readonly EpochEnd[];
}

const CHECKPOINT_INTERVAL_SECONDS = 60;
const STEPS_BETWEEN_ESTIMATES = 10; // of the time that the schedule takes
const MARGIN = 0.1; // of the time that is left when the schedule is shortened, for slower steps to come; chosen

/**
 * Trains epoch by epoch, and gives the weights after the last one, when the learning rate has come down to 0. Those of the
 * smallest validation loss classify new images worse (bench/TRIED.md): a network that grows too confident loses on this
 * loss while its accuracy still rises, and the temperature corrects that afterwards.
 *
 * If the budget cannot hold the schedule, it is shortened as soon as the first steps have shown how long they take.
 * Training stops at the first loss that is not finite: every further step would be wasted.
 */
export async function runEpochs(
  run: FineTuningRun,
  report: Reporter,
  stop: StopSignal,
): Promise<Outcome> {
  const { step, schedule, resumeFrom } = run;
  const { n } = run.train.source;
  const scheduled = schedule.epochs * n; // examples
  const progress = resumeFrom ? { ...resumeFrom.progress } : initialProgress(schedule, n);
  if (resumeFrom) step.assign(resumeFrom);

  const spent = progress.seconds; // in earlier runs
  const left = () => run.budgetSeconds - spent - run.elapsed(); // seconds
  let savedAt = run.elapsed();
  const save = async () => {
    savedAt = run.elapsed();
    progress.seconds = spent + savedAt;
    await run.saveCheckpoint({ progress: { ...progress }, ...step.read() });
  };
  const saveNowAndThen = async () => {
    if (run.elapsed() - savedAt > CHECKPOINT_INTERVAL_SECONDS) await save();
  };
  const fitSchedule = (epochSeconds: number | undefined) => {
    if (epochSeconds === undefined) return;
    const done = progress.epoch * n + progress.seen;
    const room = examplesIn(left(), epochSeconds, n);
    if (done + room >= progress.total) return;
    progress.total = done + Math.floor((1 - MARGIN) * room);
    const epochs = `${(progress.total / n).toFixed(1)} of ${schedule.epochs} epochs`;
    report.line(`The budget holds ${epochs}; the schedule is shortened.`);
  };
  const outcome = (stopped: Outcome['stopped'], epochs: number): Outcome => {
    const hasWeights = stopped !== 'diverged' && progress.epoch + progress.seen > 0;
    const weights = hasWeights ? step.read().weights : undefined;
    const { batchSize, curve } = progress;
    return { weights, epochs, stopped, batchSize, curve };
  };

  try {
    while (progress.epoch * n < progress.total) {
      const { epoch } = progress;
      if (left() <= 0 && progress.seen < lengthOf(progress, n)) return outcome('budget', epoch);
      const pace = startPace(run.elapsed, n);
      let steps = 0;
      const afterStep = async () => {
        steps += 1;
        if (steps % STEPS_BETWEEN_ESTIMATES === 0) fitSchedule(pace.epochSeconds());
        await saveNowAndThen();
      };
      const allFinite = await runEpoch(run, progress, { pace, left, afterStep }, report, stop);
      if (!allFinite) return outcome('diverged', epoch + 1);

      const isComplete = progress.seen >= lengthOf(progress, n); // more, if the schedule was shortened meanwhile
      const validation = await validate(run, progress.batchSize, report, stop);
      const trainLoss = progress.lossSum / Math.max(1, progress.seen);
      // A student that learns from all images has none left to watch; a 0 would be read as its accuracy.
      const watched =
        run.validation.source.n === 0
          ? ''
          : ` validation_accuracy=${validation.accuracy.toFixed(6)} validation_loss=${validation.crossEntropy.toFixed(6)}`;
      report.line(`epoch=${epoch + 1} train_loss=${trainLoss.toFixed(6)}${watched}`);
      if (!Number.isFinite(validation.crossEntropy)) return outcome('diverged', epoch + 1);
      const ended = { epoch: epoch + 1, trainCrossEntropy: trainLoss };
      const isWatched = run.validation.source.n > 0;
      progress.curve = [...progress.curve, isWatched ? { ...ended, validation } : ended];
      if (!isComplete) return outcome('budget', epoch + 1);
      fitSchedule(pace.epochSeconds());
      Object.assign(progress, { epoch: epoch + 1, seen: 0, lossSum: 0 });
      await save();
    }
    report.progress('fine-tune', progress.total, progress.total);
    return outcome(progress.total < scheduled ? 'budget' : 'schedule', progress.epoch);
  } catch (error) {
    if (error instanceof TrainingInterrupted) await save();
    throw error;
  }
}

const initialProgress = ({ epochs, batchSize }: Schedule, n: number): FineTuningProgress => ({
  epoch: 0,
  seen: 0,
  lossSum: 0,
  batchSize,
  seconds: 0,
  total: epochs * n,
  curve: [],
});

/** The number of examples in the current epoch; the last one of a shortened schedule may be incomplete. */
const lengthOf = ({ epoch, total }: FineTuningProgress, n: number): number =>
  Math.min(n, total - epoch * n);

/** How an epoch deals with time. */
interface Clock {
  pace: Pace;
  left(): number; // seconds of the budget
  afterStep(): Promise<void>;
}

/**
 * Trains the rest of an epoch, or as much of it as the budget allows.
 *
 * @returns whether all losses were finite
 */
async function runEpoch(
  run: FineTuningRun,
  progress: FineTuningProgress,
  { pace, left, afterStep }: Clock,
  report: Reporter,
  stop: StopSignal,
): Promise<boolean> {
  const { train, schedule, seed } = run;
  const { epoch } = progress;
  const { n } = train.source;
  const order = shuffled(n, seededRandom('order', seed, epoch));
  const request = (seen: number) => {
    const size = nextBatchSize(lengthOf(progress, n) - seen, progress.batchSize);
    const indices = order.subarray(seen, seen + size);
    const input = train.source.rows(epoch, indices);
    input.catch(() => undefined); // its error is thrown where it is awaited, if it ever is
    return { indices, input };
  };

  let batch = request(progress.seen);
  while (progress.seen < lengthOf(progress, n) && left() > 0) {
    stop.throwIfRequested();
    report.progress('fine-tune', epoch * n + progress.seen, progress.total);
    const { indices } = batch;
    const input = await batch.input;
    pace.haveInput();
    const seen = progress.seen + indices.length;
    if (seen < lengthOf(progress, n)) batch = request(seen); // the disk and sharp work while TensorFlow does

    const labels = indices.map((index) => at(train.labels, index));
    const batchScale = progress.batchSize / schedule.batchSize; // half the batch size, half the learning rate
    const done = Math.min(1, (epoch * n + seen) / progress.total);
    const lrScale = batchScale * lrScaleAt(done);
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
    pace.haveTrainedOn(indices.length);
    await afterStep();
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
