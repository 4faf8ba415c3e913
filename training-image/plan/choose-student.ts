import type { Outcome } from '../fine-tune/run-epochs.ts';

interface OnValidation {
  accuracy: number;
  crossEntropy: number;
}

/** Which student is shipped, and why; in the words of the card. */
export interface Choice {
  used: string; // head-only | blocks:k | full
  why: string;
}

/**
 * A fine-tuned student is shipped only if it is better on the validation part than the head on frozen features: more
 * right, or as many and a smaller loss.
 *
 * @param asked the recipe's regime
 * @param tuned what the fine-tuning came to, if there was one
 */
export function chooseStudent(
  asked: string,
  headOnly: OnValidation,
  tuned: Outcome | undefined,
): Choice {
  if (!tuned) {
    const whose =
      asked === 'auto' ? 'In this version "auto" trains the head only' : 'The recipe asks for it';
    return {
      used: 'head-only',
      why: `${whose}; every layer of the teacher stays as it was, to the last bit.`,
    };
  }
  const { best } = tuned;
  if (!best) {
    const why =
      tuned.stopped === 'budget'
        ? `The budget was over before ${asked} had begun; the head alone was trained.`
        : `In ${asked} the loss was soon no number any more; the head alone was trained.`;
    return { used: 'head-only', why };
  }
  const isBetter =
    best.accuracy > headOnly.accuracy ||
    (best.accuracy === headOnly.accuracy && best.crossEntropy < headOnly.crossEntropy);
  const figures = `on the validation part ${asked} was right on ${figure(best)}, the head alone on ${figure(headOnly)}`;
  return isBetter
    ? { used: asked, why: `Retrained as the recipe asks: ${figures}.` }
    : { used: 'head-only', why: `Retraining made it no better: ${figures}.` };
}

const figure = ({ accuracy, crossEntropy }: OnValidation): string =>
  `${(100 * accuracy).toFixed(1)} % (loss ${crossEntropy.toFixed(3)})`;
