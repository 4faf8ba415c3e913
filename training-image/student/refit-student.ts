import { type Tuning, tuneStudent } from '../fine-tune/tune-student.ts';
import type { FittedHead } from '../head/fit-head.ts';
import type { Reporter, StopSignal } from '../job/reporter.ts';
import type { Judgement } from '../plan/judgement.ts';
import type { FloatRows } from '../storage/row-file.ts';
import { headStudent, type TrainedStudent } from './trained-student.ts';

export interface Refitting {
  tuning: Tuning;
  features: FloatRows; // of all examples
  isTuned: boolean; // whether the student is a fine-tuned one
  until: number; // when fine-tuning has to end, in seconds since the job's training began
}

/**
 * Trains the student again, with the chosen settings, on all images, the test part included.
 *
 * @param head fitted to all images
 * @returns `undefined` if the fine-tuning failed or had no time: then the student that was tested is the one to ship
 */
export async function refitStudent(
  { tuning, features, isTuned, until }: Refitting,
  { all }: Judgement,
  { head }: FittedHead,
  report: Reporter,
  stop: StopSignal,
): Promise<TrainedStudent | undefined> {
  if (!isTuned) return headStudent(tuning.teacher, tuning.set, head, features);
  const split = { train: all, heldOut: new Int32Array() };
  const { student } = await tuneStudent(tuning, 'all', split, head, until, report, stop);
  return student;
}
