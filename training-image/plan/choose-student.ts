import { smallestLoss } from '../evaluate/calibration.ts';
import { mcnemar } from '../evaluate/mcnemar.ts';
import { type Predictions, score } from '../evaluate/predictions.ts';
import type { Outcome } from '../fine-tune/run-epochs.ts';

/** Which student is published, and why; in the words of the card. */
export interface Choice {
  used: string; // head-only | blocks:k | full
  why: string;
}

const SIGNIFICANT = 0.05;

/**
 * Chooses between the head on frozen features and the fine-tuned student, by their accuracy on the validation part. If the
 * difference may well be chance, the smaller loss decides; if that is the same, the head, which has fewer trained weights.
 *
 * @param requested the recipe's regime
 * @param head its predictions for the validation part
 * @param tuned those of the fine-tuned student, if there is one, for the same examples
 * @param outcome of the fine-tuning, if there was one
 */
export function chooseStudent(
  requested: string,
  head: Predictions,
  tuned: Predictions | undefined,
  outcome: Pick<Outcome, 'stopped'> | undefined,
): Choice {
  if (!outcome) {
    const reason =
      requested === 'auto'
        ? 'In this version "auto" trains only the head'
        : 'Only the head was trained, as the recipe requests';
    return { used: 'head-only', why: `${reason}; the backbone is bit-identical to the teacher's.` };
  }
  if (outcome.stopped === 'diverged') {
    const why =
      'Fine-tuning diverged (the loss was no longer finite); the head-only model is shipped.';
    return { used: 'head-only', why };
  }
  if (!tuned) {
    const why = `The time budget ended before ${requested} fine-tuning began; the head-only model is shipped.`;
    return { used: 'head-only', why };
  }
  const { wins, reason } = compare(head, tuned);
  return wins
    ? { used: requested, why: `The fine-tuned model is shipped: ${reason}.` }
    : {
        used: 'head-only',
        why: `The head-only model is shipped, not the fine-tuned one: ${reason}.`,
      };
}

/** Whether the fine-tuned student is the better one, and why. */
function compare(head: Predictions, tuned: Predictions): { wins: boolean; reason: string } {
  const { onlyFirst: lost, onlySecond: gained, p } = mcnemar(head, tuned);
  const [before, after] = [head, tuned].map((each) => percent(score(each).accuracy));
  const counts = `of ${head.labels.length} validation images, fine-tuning classified ${after} correctly, the head alone ${before} (${gained} gained, ${lost} lost; p = ${p.toFixed(3)} by McNemar's exact test)`;
  if (p < SIGNIFICANT) return { wins: gained > lost, reason: counts };

  // Compared as they are shown, so that no invisible difference decides.
  const [headLoss, tunedLoss] = [head, tuned].map((each) => smallestLoss(each).loss.toFixed(3));
  const losses = `the difference may be chance, and the loss after temperature scaling is ${tunedLoss} with fine-tuning, ${headLoss} without`;
  return { wins: Number(tunedLoss) < Number(headLoss), reason: `${counts}; ${losses}` };
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)}%`;
