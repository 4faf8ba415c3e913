import { type Predictions, predictedClasses } from './predictions.ts';

/** How two classifiers compare on the same examples. */
export interface Comparison {
  onlyFirst: number; // examples that only the first one classifies correctly
  onlySecond: number;
  p: number; // of so uneven counts, if both classifiers were equally accurate; two-sided
}

/**
 * McNemar's exact test (McNemar 1947): of the examples that exactly one of two equally accurate classifiers gets right,
 * each is as likely to be the first one's as the second one's.
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
  return { onlyFirst, onlySecond, p: binomialTest(onlyFirst, onlySecond) };
}

/** The probability that a fair coin falls at least as unevenly, heads or tails, as with these counts. */
function binomialTest(heads: number, tails: number): number {
  const n = heads + tails;
  let term = -n * Math.LN2; // the logarithm of the probability of k heads
  let tail = 0;
  for (let k = 0; k <= Math.min(heads, tails); k++) {
    tail += Math.exp(term);
    term += Math.log((n - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}
