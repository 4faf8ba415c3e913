/**
 * Where classes are uneven, rare ones weigh more, so that each has the same say.
 *
 * @param examples of each class in the train part
 * @returns the weight of an example by its class; the mean over the examples is 1
 */
export function classWeights(examples: readonly number[], wish: 'auto' | 'none'): number[] {
  const present = examples.filter((count) => count > 0);
  const all = present.reduce((sum, count) => sum + count, 0);
  if (wish === 'none') return examples.map(() => 1);
  return examples.map((count) => (count === 0 ? 0 : all / (present.length * count)));
}
