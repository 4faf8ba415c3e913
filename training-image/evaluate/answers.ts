import { at } from '#core/at.ts';
import { argMax, type Predictions } from './predictions.ts';

/** A class with its probability, 0..1, after temperature scaling. */
export interface Belief {
  label: number;
  probability: number;
}

/** What a student takes an image for that it has not learned from. Classes are indices. */
export interface Answer {
  example: number; // its index among all examples
  label: number;
  predicted: number; // the most probable class
  confidence: number; // its probability
  ofLabel: number; // the probability of the label
  best: readonly Belief[]; // the most probable classes, in order
}

const BEST = 3; // classes that are kept of an answer

/**
 * The answers of a student.
 *
 * @param examples the index of each predicted example among all, in the order of the predictions
 * @param temperature the logits are divided by it before the softmax
 */
export function answersOf(
  examples: ArrayLike<number>,
  { logits, labels }: Predictions,
  temperature: number,
): Answer[] {
  const classes = logits.length / labels.length;
  return Array.from(labels, (label, row) => {
    const own = logits.subarray(row * classes, (row + 1) * classes);
    const probabilities = softmax(own, temperature);
    const predicted = argMax(own);
    return {
      example: at(examples, row),
      label,
      predicted,
      confidence: at(probabilities, predicted),
      ofLabel: at(probabilities, label),
      best: mostProbable(probabilities),
    };
  });
}

export const isRight = ({ label, predicted }: Pick<Answer, 'label' | 'predicted'>): boolean =>
  label === predicted;

function softmax(logits: Float32Array, temperature: number): Float64Array {
  const largest = at(logits, argMax(logits));
  const powers = Float64Array.from(logits, (each) => Math.exp((each - largest) / temperature));
  const sum = powers.reduce((total, each) => total + each, 0);
  return powers.map((each) => each / sum);
}

function mostProbable(probabilities: Float64Array): Belief[] {
  const best: Belief[] = [];
  for (const [label, probability] of probabilities.entries()) {
    if (best.length === BEST && probability <= at(best, BEST - 1).probability) continue;
    const rank = best.findIndex((each) => each.probability < probability);
    best.splice(rank < 0 ? best.length : rank, 0, { label, probability });
    best.length = Math.min(best.length, BEST);
  }
  return best;
}
