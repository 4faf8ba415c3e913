import type { TrainingStep } from '#engine/training-step.ts';
import type { Values } from '#engine/variables.ts';
import { seededRandom, shuffled } from '../data/seeded-random.ts';
import { score } from '../evaluate/predictions.ts';
import { TrainingInterrupted } from '../job/errors.ts';
import { isOutOfMemory } from '../job/out-of-memory.ts';
import type { Tell } from '../job/reporter.ts';
import type { Checkpoint, Progress } from './checkpoint.ts';
import { rateAt, type Schedule } from './schedule.ts';
import type { Source } from './sources.ts';

/** One part of the split, with what its examples are. */
export interface Part {
  source: Source;
  labels: Int32Array;
}

export interface Course {
  step: TrainingStep;
  train: Part;
  validation: Part;
  schedule: Schedule;
  seed: number;
  /** Where an earlier life stood, if there was one. */
  begun: Checkpoint | undefined;
  keep(checkpoint: Checkpoint): Promise<void>;
  /** In this life. */
  seconds(): number;
  /** When to stop, counted from the beginning of the first life. */
  budgetSeconds: number;
  tell: Tell;
}

export interface Outcome {
  best: NonNullable<Progress['best']> | undefined; // none: the budget was over before it began, or it ran away
  bestWeights: Values;
  epochs: number; // begun
  stopped: 'schedule' | 'no-progress' | 'budget';
  batch: number;
}

const KEEP_EVERY_SECONDS = 60;

/** Trains epoch by epoch, and keeps the weights that were the best on validation. */
export async function runEpochs(course: Course): Promise<Outcome> {
  const { step, train, schedule, begun, tell } = course;
  const { n } = train.source;
  const progress: Progress = begun?.progress ?? {
    ...{ epoch: 0, seen: 0, lossSum: 0, batch: schedule.batch, seconds: 0 },
  };
  let bestWeights: Values = begun?.bestWeights ?? new Map();
  if (begun) step.assign(begun);

  const spent = progress.seconds;
  const isOver = () => spent + course.seconds() >= course.budgetSeconds;
  let keptAt = course.seconds();
  const keep = async () => {
    keptAt = course.seconds();
    progress.seconds = spent + keptAt;
    await course.keep({ progress, ...step.read(), bestWeights });
  };
  const ended = (stopped: Outcome['stopped'], epochs: number): Outcome => {
    return { best: progress.best, bestWeights, epochs, stopped, batch: progress.batch };
  };

  try {
    while (progress.epoch < schedule.epochs) {
      const { best, epoch } = progress;
      if (best && epoch - best.epoch > schedule.patience) return ended('no-progress', epoch);
      if (isOver() && progress.seen < n) return ended('budget', epoch);
      await runEpoch(course, progress, isOver, async () => {
        if (course.seconds() - keptAt > KEEP_EVERY_SECONDS) await keep();
      });

      const isWhole = progress.seen === n;
      const found = await validate(course, progress);
      const trainLoss = progress.lossSum / Math.max(1, progress.seen);
      tell.line(
        `epoch=${epoch + 1} train_loss=${trainLoss.toFixed(6)} validation_accuracy=${found.accuracy.toFixed(6)} validation_loss=${found.crossEntropy.toFixed(6)}`,
      );
      const isNumber = Number.isFinite(found.crossEntropy); // not if the training has run away
      if (isNumber && (!best || found.crossEntropy < best.crossEntropy)) {
        progress.best = { epoch: epoch + 1, ...found };
        bestWeights = step.read().weights;
      }
      if (!isWhole) return ended('budget', epoch + 1);
      Object.assign(progress, { epoch: epoch + 1, seen: 0, lossSum: 0 });
      await keep();
    }
    tell.progress('fine-tune', schedule.epochs * n, schedule.epochs * n);
    return ended('schedule', schedule.epochs);
  } catch (error) {
    if (error instanceof TrainingInterrupted) await keep();
    throw error;
  }
}

/** The rest of an epoch, or as much of it as the budget allows. */
async function runEpoch(
  course: Course,
  progress: Progress,
  isOver: () => boolean,
  between: () => Promise<void>,
): Promise<void> {
  const { train, schedule, seed, tell } = course;
  const { epoch } = progress;
  const { n } = train.source;
  const order = shuffled(n, seededRandom('order', seed, epoch));
  const total = schedule.epochs * n;
  const ask = (seen: number) => {
    const places = order.subarray(seen, seen + portion(n - seen, progress.batch));
    const input = train.source.rows(epoch, places);
    input.catch(() => undefined); // whoever waits for it is told; perhaps nobody does
    return { places, input };
  };

  let batch = ask(progress.seen);
  while (progress.seen < n && !isOver()) {
    tell.progress('fine-tune', epoch * n + progress.seen, total);
    const { places } = batch;
    const input = await batch.input;
    const seen = progress.seen + places.length;
    if (seen < n) batch = ask(seen); // the disk and sharp work while TensorFlow does

    const labels = places.map((place) => train.labels[place] ?? -1);
    const share = progress.batch / schedule.batch; // half a batch, half a step
    const rate = share * rateAt((epoch * n + seen) / total);
    const loss = stepUnlessTooLarge(course, { input, labels }, rate);
    if (loss === undefined) {
      if (progress.batch === 1) throw new Error('Out of memory with a single image a batch.');
      progress.batch = Math.ceil(progress.batch / 2);
      tell.line(`Memory ran out; going on with ${progress.batch} images a batch.`);
      batch = ask(progress.seen);
      continue;
    }
    progress.lossSum += loss * places.length;
    progress.seen = seen;
    await between();
  }
}

/** The rest in portions of about the same size: a last batch of one image would count as much as all others. */
const portion = (rest: number, batch: number): number => Math.ceil(rest / Math.ceil(rest / batch));

/** @returns the loss; `undefined` if memory ran out, and nothing has changed */
function stepUnlessTooLarge(
  { step }: Course,
  batch: { input: Uint8Array | Float32Array; labels: Int32Array },
  rate: number,
): number | undefined {
  try {
    return step.step(batch, rate).loss;
  } catch (error) {
    if (isOutOfMemory(String(error))) return undefined;
    throw error;
  }
}

async function validate({ step, validation, tell }: Course, { batch }: Progress) {
  const { source, labels } = validation;
  const logits = new Float32Array(labels.length * step.classes);
  for (let from = 0; from < source.n; from += batch) {
    tell.progress('validate', from, source.n);
    const count = Math.min(batch, source.n - from);
    const places = Int32Array.from({ length: count }, (_, i) => from + i);
    logits.set(step.evaluate(await source.rows(0, places)), from * step.classes);
  }
  return score({ logits, labels });
}
