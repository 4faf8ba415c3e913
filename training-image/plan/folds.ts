import { at } from '#core/at.ts';
import { seededRandom, shuffled } from '../data/seeded-random.ts';

/**
 * Assigns each example to a fold, stratified: each class is spread as evenly as possible, and so are all examples.
 * A class with fewer examples than folds is missing from some of them.
 *
 * @param labels [n], 0 to classes - 1
 * @param k the number of folds
 * @param seed what the assignment is drawn for; the same seed gives the same folds
 * @returns the fold of each example, 0 to k - 1
 * @throws RangeError unless k is a whole number from 2 to n
 */
export function folds(
  labels: Int32Array,
  classes: number,
  k: number,
  ...seed: readonly (string | number)[]
): Int32Array {
  const n = labels.length;
  if (!Number.isInteger(k) || k < 2 || k > n) {
    throw new RangeError(`${n} examples cannot be split into ${k} folds.`);
  }
  const members: number[][] = Array.from({ length: classes }, () => []);
  for (const i of shuffled(n, seededRandom('folds', ...seed))) at(members, at(labels, i)).push(i);

  const fold = new Int32Array(n);
  // A class goes on where the one before it stopped, so that small classes do not all meet in the first folds.
  for (const [dealt, i] of members.flat().entries()) fold[i] = dealt % k;
  return fold;
}

/**
 * How many folds to use: as many as the smallest class has examples, at most `most`. Classes with a single example do
 * not count, since no number of folds suits them.
 *
 * @returns at least 2
 */
export function foldCount(labels: Int32Array, classes: number, most = 5): number {
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label] = at(counts, label) + 1;
  const smallest = Math.min(...counts.filter((n) => n >= 2));
  return Number.isFinite(smallest) ? Math.max(2, Math.min(most, smallest)) : 2;
}
