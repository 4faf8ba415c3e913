import { mcnemarP } from '#core/mcnemar.ts';
import { type Predictions, predictedClasses } from './predictions.ts';

/** How two classifiers compare on the same examples. */
export interface Comparison {
  onlyFirst: number; // examples that only the first one classifies correctly
  onlySecond: number;
  p: number; // of so uneven counts, if both classifiers were equally accurate; two-sided
}

/**
 * Compares two classifiers by McNemar's exact test.
 *
 * @param first predictions for the same examples in the same order as those of `second`
 */
export function mcnemar(first: Predictions, second: Predictions): Comparison {
  const [a, b] = [predictedClasses(first), predictedClasses(second)];
  let [onlyFirst, onlySecond] = [0, 0];
  for (const [i, label] of first.labels.entries()) {
    if (a[i] === label && b[i] !== label) onlyFirst += 1;
    if (a[i] !== label && b[i] === label) onlySecond += 1;
  }
  return { onlyFirst, onlySecond, p: mcnemarP(onlyFirst, onlySecond) };
}
