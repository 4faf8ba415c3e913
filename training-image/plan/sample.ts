import { at } from '#core/at.ts';
import { seededRandom, shuffled } from '../data/seeded-random.ts';

/** With fewer examples of a class, nothing could be cross-validated, and every dataset would seem unlike the teacher's. */
const MIN_PER_CLASS = 10; // chosen: two for each of five folds
const MIN_CLASSES = 20; // chosen: κ of a few classes says little about hundreds

/**
 * A stratified random sample: as many examples of each class as of any other, as far as the class has them. If there are
 * too many classes for MIN_PER_CLASS of each, it is of some of them, drawn at random.
 *
 * @param indices of the examples to choose from
 * @param labels of all examples
 * @param size at most; all are taken if there are fewer
 * @returns indices in ascending order
 */
export function sampleOf(
  indices: Int32Array,
  labels: Int32Array,
  size: number,
  seed: number,
): Int32Array {
  if (indices.length <= size) return Int32Array.from(indices).sort();
  const random = seededRandom('sample', seed);
  const byClass = new Map<number, number[]>();
  for (const position of shuffled(indices.length, random)) {
    const index = at(indices, position);
    const label = at(labels, index);
    const others = byClass.get(label) ?? [];
    others.push(index);
    byClass.set(label, others);
  }
  const drawn = [...byClass.values()].slice(
    0,
    Math.max(MIN_CLASSES, Math.floor(size / MIN_PER_CLASS)),
  );
  const available = drawn.reduce((sum, { length }) => sum + length, 0);
  const chosen: number[] = [];
  for (let rank = 0; chosen.length < Math.min(size, available); rank++) {
    for (const members of drawn) {
      const index = members[rank];
      if (index !== undefined && chosen.length < size) chosen.push(index);
    }
  }
  return Int32Array.from(chosen).sort();
}
