/**
 * The p-value of McNemar's exact test (McNemar 1947), two-sided: of the examples that exactly one of two equally
 * accurate classifiers gets right, each is as likely to be the first one's as the second one's.
 *
 * @param onlyFirst the number of examples that only the first classifier gets right
 * @returns the probability that a fair coin falls at least as unevenly, heads or tails, as with these counts
 */
export function mcnemarP(onlyFirst: number, onlySecond: number): number {
  const n = onlyFirst + onlySecond;
  let term = -n * Math.LN2; // the logarithm of the probability of k heads
  let tail = 0;
  for (let k = 0; k <= Math.min(onlyFirst, onlySecond); k++) {
    tail += Math.exp(term);
    term += Math.log((n - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}
