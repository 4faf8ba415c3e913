import { at } from '#core/at.ts';
import { type Answer, answersOf } from '../evaluate/answers.ts';
import type { Predictions } from '../evaluate/predictions.ts';
import { type Judgement, testedIndices } from '../plan/judgement.ts';
import { suspectLabels } from './suspects.ts';

/** The answers of a student for images that it has not learned from. */
export interface Examined {
  answers: readonly Answer[]; // in its test
  suspects: readonly Answer[]; // which contradict a label that may be wrong
  judged: number; // images among which those were looked for
}

/**
 * @param tested the student's predictions in its test
 * @param judged those for the images that students were compared on: a validation part was not learned from either
 */
export function examineAnswers(
  judgement: Judgement,
  tested: Predictions,
  judged: Predictions,
  temperature: number,
  classes: number,
): Examined {
  const answers = answersOf(testedIndices(judgement), tested, temperature);
  const isHeldOut = judgement.method === 'hold-out';
  const { heldOut } = at(judgement.splits, 0);
  const others = isHeldOut ? answersOf(heldOut, judged, temperature) : [];
  const unseen = [...answers, ...others];
  return { answers, suspects: suspectLabels(unseen, classes), judged: unseen.length };
}
