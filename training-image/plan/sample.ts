import { at } from '#core/at.ts';
import { seededRandom, shuffled } from '../data/seeded-random.ts';

/**
 * A stratified random sample: as many examples of each class as of any other, as far as the class has them.
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
  const chosen: number[] = [];
  for (let rank = 0; chosen.length < size; rank++) {
    for (const members of byClass.values()) {
      const index = members[rank];
      if (index !== undefined && chosen.length < size) chosen.push(index);
    }
  }
  return Int32Array.from(chosen).sort();
}
