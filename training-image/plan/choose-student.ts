import { smallestLoss } from '../evaluate/calibration.ts';
import { mcnemar } from '../evaluate/mcnemar.ts';
import { type Predictions, score } from '../evaluate/predictions.ts';
import type { PlannedTuning } from '../fine-tune/tune-as-planned.ts';
import type { FreezeDecision } from './freeze-plan.ts';

/** Which student is published, and why; in the words of the card. */
export interface Choice {
  used: string; // head-only | blocks:k | full
  why: string;
}

const SIGNIFICANT = 0.05;

/**
 * Chooses between the head on frozen features and the fine-tuned student, by their accuracy on images that neither learned
 * from. If the difference may well be chance, the smaller loss decides; if that is the same, the head, which has fewer
 * trained weights.
 *
 * @param freeze what was decided before
 * @param tuned what fine-tuning achieved, if there was one
 */
export function chooseStudent(
  freeze: Pick<FreezeDecision, 'regime' | 'why'>,
  tuned: Pick<PlannedTuning, 'regime' | 'outcome' | 'predictions' | 'headPredictions'> | undefined,
): Choice {
  const used = 'head-only';
  if (!tuned) return { used, why: `${freeze.why} The backbone is bit-identical to the teacher's.` };
  const { regime, outcome, predictions, headPredictions } = tuned;
  const raced = regime === freeze.regime ? '' : ` In a short race, ${regime} was better than that.`;
  const why = `${freeze.why}${raced}`;
  if (outcome.stopped === 'diverged') {
    const result =
      'Fine-tuning diverged (the loss was no longer finite); the head-only model is shipped.';
    return { used, why: `${why} ${result}` };
  }
  if (!predictions) {
    const result = `The time budget ended before ${regime} fine-tuning began; the head-only model is shipped.`;
    return { used, why: `${why} ${result}` };
  }
  const { wins, reason } = compare(headPredictions, predictions);
  return wins
    ? { used: regime, why: `${why} The fine-tuned model is shipped: ${reason}.` }
    : { used, why: `${why} The head-only model is shipped, not the fine-tuned one: ${reason}.` };
}

/** Whether the fine-tuned student is the better one, and why. */
function compare(head: Predictions, tuned: Predictions): { wins: boolean; reason: string } {
  const { onlyFirst: lost, onlySecond: gained, p } = mcnemar(head, tuned);
  const [before, after] = [head, tuned].map((each) => percent(score(each).accuracy));
  const counts = `of ${head.labels.length} images that neither learned from, fine-tuning classified ${after} correctly, the head alone ${before} (${gained} gained, ${lost} lost; p = ${p.toFixed(3)} by McNemar's exact test)`;
  if (p < SIGNIFICANT) return { wins: gained > lost, reason: counts };

  // Compared as they are shown, so that no invisible difference decides.
  const [headLoss, tunedLoss] = [head, tuned].map((each) => smallestLoss(each).loss.toFixed(3));
  const losses = `the difference may be chance, and the loss after temperature scaling is ${tunedLoss} with fine-tuning, ${headLoss} without`;
  return { wins: Number(tunedLoss) < Number(headLoss), reason: `${counts}; ${losses}` };
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)}%`;
