/** The 97.5% quantile of the standard normal distribution. */
const Z_95 = 1.959963984540054;

/**
 * The Wilson score interval of a proportion, which stays within 0..1 and is accurate for small samples too
 * (E. B. Wilson, JASA 22 (1927), 209–212).
 *
 * @param correct successes among `n`, 0 ≤ correct ≤ n
 * @returns the 95% interval as fractions; [0, 1] if n is 0
 */
export function wilson95(correct: number, n: number): [low: number, high: number] {
  if (n === 0) return [0, 1];
  const p = correct / n;
  const z2 = Z_95 * Z_95;
  const centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Z_95 / (1 + z2 / n)) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n));
  // The ends are exact there; rounding would miss them.
  return [
    correct === 0 ? 0 : Math.max(0, centre - half),
    correct === n ? 1 : Math.min(1, centre + half),
  ];
}
