/**
 * Where classes are uneven, rare ones weigh more, so that each has the same say.
 *
 * @returns the weight of an example by its class; the mean over the examples is 1
 */
export function classWeights(labels: Int32Array, classes: number, wish: 'auto' | 'none'): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  if (wish === 'none') return counts.map(() => 1);
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count === 0 ? 0 : labels.length / (present * count)));
}
