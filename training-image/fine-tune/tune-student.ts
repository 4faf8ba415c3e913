import { at } from '#core/at.ts';
import type { Recipe } from '#core/recipe.ts';
import { requireTopology } from '#engine/network.ts';
import { type FeatureSet, layersOf } from '../features/feature-sets.ts';
import type { Teacher } from '../features/load-teacher.ts';
import type { Split } from '../head/fit-head.ts';
import type { Head } from '../head/head.ts';
import type { Reporter, StopSignal } from '../job/reporter.ts';
import type { RowFile } from '../storage/row-file.ts';
import { buildStudent } from '../student/build-student.ts';
import { fineTunedStudent, type TrainedStudent } from '../student/trained-student.ts';
import { fineTune } from './fine-tune.ts';
import type { Outcome } from './run-epochs.ts';
import { type Schedule, scheduleFor } from './schedule.ts';
import type { PlannedTuning } from './tune-as-planned.ts';

/** What all fine-tunings of a job have in common. */
export interface Tuning {
  teacher: Teacher;
  set: FeatureSet;
  retrained: number; // blocks
  recipe: Pick<Recipe, 'augmentation' | 'seed'>;
  schedule?: Schedule; // the default one if left out
  rate: number; // factor of the schedule's learning rates
  epochs: number; // factor of its number of epochs
  flip: boolean; // whether to mirror images if the recipe leaves it open
  decoded: RowFile; // uint8 [px, px, 3] per example
  labels: Int32Array; // of all examples
  weigh(labels: Int32Array): number[];
  scratch: string;
  checkpoints: string;
  cacheKey: readonly unknown[];
  elapsed(): number; // seconds since the job's training began
}

export interface Tuned {
  outcome: Outcome;
  student: TrainedStudent | undefined; // none if it diverged, or if there was no time for a step
}

/**
 * Fine-tunes a student.
 *
 * @param name of this fine-tuning among those of the job
 * @param split the examples to learn from, and others that are only watched
 * @param head fitted to the same examples, on frozen features
 * @param until when it should end, in seconds since the job's training began
 */
export async function tuneStudent(
  tuning: Tuning,
  name: string,
  { train, heldOut }: Split,
  head: Head,
  until: number,
  report: Reporter,
  stop: StopSignal,
): Promise<Tuned> {
  const { teacher, set, decoded, labels } = tuning;
  const start = await buildStudent(teacher, layersOf(set), head);
  const examples = (indices: Int32Array) => ({
    indices,
    labels: indices.map((i) => at(labels, i)),
  });
  const learned = examples(train);
  const outcome = await fineTune(
    {
      ...tuning,
      name,
      start: requireTopology(start),
      blockOutputs: teacher.entry.blockOutputs,
      px: teacher.px,
      train: learned,
      validation: examples(heldOut),
      schedule: scaled(tuning.schedule ?? scheduleFor(train.length, tuning.retrained), tuning),
      classWeights: tuning.weigh(learned.labels),
      until,
    },
    report,
    stop,
  );
  const { weights } = outcome;
  const student = weights && fineTunedStudent(start, weights, decoded, report, stop);
  return { outcome, student };
}

const scaled = (
  schedule: Schedule,
  { rate, epochs }: Pick<Tuning, 'rate' | 'epochs'>,
): Schedule => ({
  ...schedule,
  learningRates: schedule.learningRates.map((each) => rate * each),
  epochs: Math.max(1, Math.round(epochs * schedule.epochs)),
});

/**
 * Fine-tunes once more, on all images.
 *
 * @param tuned the fine-tuning whose settings are used
 * @returns `undefined` if it failed or had no time: then the student that was tested is the one to ship
 */
export async function refitTuned(
  { tuning, fitStart }: Pick<PlannedTuning, 'tuning' | 'fitStart'>,
  all: Int32Array,
  until: number,
  report: Reporter,
  stop: StopSignal,
): Promise<TrainedStudent | undefined> {
  const split = { train: all, heldOut: new Int32Array() };
  const { head } = await fitStart(all);
  return (await tuneStudent(tuning, 'all', split, head, until, report, stop)).student;
}
