import { at } from '#core/at.ts';
import { wilson95 } from '#core/wilson-interval.ts';
import { type Answer, isRight } from '../evaluate/answers.ts';

/** The answers of about the same confidence. */
export interface ReliabilityBin {
  n: number; // answers
  confidence: number; // their mean
  accuracy: number;
  interval95: [low: number, high: number]; // Wilson, of the accuracy
}

const BINS = 10; // of equal width, open below and closed above

/** How often answers of each confidence are right; confidences without an answer are left out. */
export function reliability(
  answers: readonly Pick<Answer, 'confidence' | 'label' | 'predicted'>[],
): ReliabilityBin[] {
  const bins = Array.from({ length: BINS }, () => ({ n: 0, confidence: 0, correct: 0 })); // sums
  for (const answer of answers) {
    const bin = at(bins, Math.min(BINS - 1, Math.max(0, Math.ceil(answer.confidence * BINS) - 1)));
    bin.n += 1;
    bin.confidence += answer.confidence;
    bin.correct += isRight(answer) ? 1 : 0;
  }
  return bins
    .filter(({ n }) => n > 0)
    .map(({ n, confidence, correct }) => ({
      n,
      confidence: confidence / n,
      accuracy: correct / n,
      interval95: wilson95(correct, n),
    }));
}
