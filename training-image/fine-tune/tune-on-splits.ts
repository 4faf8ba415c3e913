import { at } from '#core/at.ts';
import type { Predictions } from '../evaluate/predictions.ts';
import type { JudgedHeads } from '../head/fit-head.ts';
import type { Reporter, StopSignal } from '../job/reporter.ts';
import type { Judgement } from '../plan/judgement.ts';
import { joined } from '../storage/row-file.ts';
import type { TrainedStudent } from '../student/trained-student.ts';
import type { Outcome } from './run-epochs.ts';
import { type Tuned, type Tuning, tuneStudent } from './tune-student.ts';

/** What fine-tuning achieved on images that it did not learn from. */
export interface JudgedTuning {
  outcome: Outcome; // of the last fine-tuning
  examples: number; // learned from in the first one
  classWeights: readonly number[]; // there
  splits: number; // the first so many splits were tuned on; fewer than planned if one of them failed
  predictions: Predictions | undefined; // for their held-out examples; none if one of them failed
  headPredictions: Predictions; // of the heads, for the same examples
  student: TrainedStudent | undefined; // of the first split
}

/**
 * Fine-tunes on the train part of the first splits and predicts their held-out examples.
 *
 * @param splits how many there is time for
 * @param until when everything should end, in seconds since the job's training began
 * @param runsAfter fine-tunings that are to follow, and need time as well
 */
export async function tuneOnSplits(
  tuning: Tuning,
  judgement: Judgement,
  heads: JudgedHeads,
  { splits: count, until, runsAfter }: { splits: number; until: number; runsAfter: number },
  report: Reporter,
  stop: StopSignal,
): Promise<JudgedTuning> {
  const tuned: Tuned[] = [];
  const logits: Float32Array[] = [];
  for (const [i, split] of judgement.splits.slice(0, count).entries()) {
    const now = tuning.elapsed();
    const share = (until - now) / (count - i + runsAfter);
    const head = at(heads.heads, i);
    const result = await tuneStudent(tuning, `split${i}`, split, head, now + share, report, stop);
    tuned.push(result);
    if (!result.student) break;
    logits.push(await result.student.predict(split.heldOut));
    if (i > 0) result.student.dispose();
  }

  const size = judgement.splits
    .slice(0, count)
    .reduce((sum, { heldOut }) => sum + heldOut.length, 0);
  const labels = heads.predictions.labels.slice(0, size);
  const classes = heads.predictions.logits.length / Math.max(1, heads.predictions.labels.length);
  const isComplete = tuned.every(({ student }) => student !== undefined);
  return {
    outcome: at(tuned, tuned.length - 1).outcome,
    examples: at(judgement.splits, 0).train.length,
    classWeights: tuning.weigh(at(judgement.splits, 0).train.map((i) => at(tuning.labels, i))),
    splits: tuned.length,
    predictions: isComplete ? { logits: joined(logits), labels } : undefined,
    headPredictions: { logits: heads.predictions.logits.slice(0, size * classes), labels },
    student: at(tuned, 0).student,
  };
}
