import type { Recipe } from '#core/recipe.ts';
import type { Part } from './data/split-examples.ts';
import type { FeatureRows } from './features/feature-rows.ts';
import type { Teacher } from './features/load-teacher.ts';
import { fineTune } from './fine-tune/fine-tune.ts';
import type { Outcome } from './fine-tune/run-epochs.ts';
import { classWeights } from './head/class-weights.ts';
import { type FittedHead, fitHead } from './head/fit-head.ts';
import { labelledRows } from './head/labelled-features.ts';
import type { Tell } from './job/reporter.ts';
import type { Stopwatch } from './job/timings.ts';
import { type Choice, chooseStudent } from './plan/choose-student.ts';
import type { PackedRows } from './storage/row-file.ts';
import { buildStudent } from './student/build-student.ts';
import { readNetwork } from './student/network.ts';
import { headStudent, type TrainedStudent, tunedStudent } from './student/trained-student.ts';

export interface Lesson {
  teacher: Teacher;
  retrained: number; // blocks, besides the head
  recipe: Recipe;
  classes: number;
  labels: readonly number[]; // of all examples
  parts: readonly (Part | undefined)[];
  features: FeatureRows;
  decoded: PackedRows; // if blocks are retrained, all images
  scratch: string;
  checkpoints: string;
  madeFrom: readonly unknown[];
}

export interface Trained {
  student: TrainedStudent;
  choice: Choice;
  fitted: FittedHead;
  tuned: (Outcome & { classWeights: number[]; examples: number }) | undefined;
}

/** Fits the head; then retrains blocks from there, if that was asked for; and takes the better of the two. */
export async function trainStudent(lesson: Lesson, clock: Stopwatch, tell: Tell): Promise<Trained> {
  const { teacher, retrained, recipe, labels, parts, features } = lesson;
  const only = (part: Part) => labelledRows(features, rowsOf(parts, part), labels);
  const [train, validation] = [only('train'), only('validation')];
  const weigh = (of: Int32Array) => classWeights(of, lesson.classes, recipe.class_weights);
  const fitted = await fitHead({ train, validation, weigh, scratch: lesson.scratch }, tell);
  clock.lap('head');
  if (retrained === 0) {
    const choice = chooseStudent(recipe.regime, fitted.validation, undefined);
    const student = await headStudent(teacher, fitted, features, validation);
    return { student, choice, fitted, tuned: undefined };
  }

  const start = await buildStudent(teacher, fitted.beforeRefit);
  const read = readNetwork(start);
  if (!read.ok) throw new Error('the engine knows the teacher, but not the student');
  const numbered = (part: Part) => ({ rows: rowsOf(parts, part), labels: only(part).labels });
  const weights = weigh(train.labels);
  const outcome = await fineTune(
    {
      ...lesson,
      start: read.value,
      entry: teacher.entry,
      train: numbered('train'),
      validation: numbered('validation'),
      classWeights: weights,
      seconds: clock.seconds,
    },
    tell,
  );
  clock.lap('fine-tune');
  const choice = chooseStudent(recipe.regime, fitted.validation, outcome);
  const student =
    choice.used === 'head-only'
      ? await headStudent(teacher, fitted, features, validation)
      : await tunedStudent(
          start,
          outcome.bestWeights,
          lesson.decoded,
          numbered('validation'),
          tell,
        );
  const tuned = { ...outcome, classWeights: weights, examples: train.labels.length };
  return { student, choice, fitted, tuned };
}

/** The numbers of the examples of a part, in their order. */
export const rowsOf = (parts: readonly (Part | undefined)[], part: Part): Int32Array =>
  Int32Array.from([...parts.keys()].filter((i) => parts[i] === part));
