import type { Outcome } from '../fine-tune/run-epochs.ts';

interface OnValidation {
  accuracy: number;
  crossEntropy: number;
}

/** Which student is published, and why; in the words of the card. */
export interface Choice {
  used: string; // head-only | blocks:k | full
  why: string;
}

/**
 * Chooses between the head on frozen features and the fine-tuned student: fine-tuning wins if its accuracy on the
 * validation part is higher, or the same with a smaller loss. After a divergence the head is the safe choice.
 *
 * @param requested the recipe's regime
 * @param outcome of the fine-tuning, if there was one
 */
export function chooseStudent(
  requested: string,
  headOnly: OnValidation,
  outcome: Outcome | undefined,
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
  const { best } = outcome;
  if (!best) {
    const why = `The time budget ended before ${requested} fine-tuning began; the head-only model is shipped.`;
    return { used: 'head-only', why };
  }
  const isBetter =
    best.accuracy > headOnly.accuracy ||
    (best.accuracy === headOnly.accuracy && best.crossEntropy < headOnly.crossEntropy);
  const figures = `validation accuracy ${figure(best)} for ${requested}, ${figure(headOnly)} for the head alone`;
  return isBetter
    ? { used: requested, why: `Fine-tuned as the recipe requests: ${figures}.` }
    : { used: 'head-only', why: `Fine-tuning did not improve the model: ${figures}.` };
}

const figure = ({ accuracy, crossEntropy }: OnValidation): string =>
  `${(100 * accuracy).toFixed(1)}% (loss ${crossEntropy.toFixed(3)})`;
