import { at } from '#core/at.ts';
import type { StudentCard } from '#core/card.ts';
import { TrainingRefused } from '../job/errors.ts';
import type { Part } from './split-examples.ts';

export type ClassCounts = StudentCard['data']['perClass'];

/**
 * Counts the examples of each class in each part of the split.
 *
 * @param labels of all examples
 * @param parts of all examples
 */
export function countClasses(
  classes: readonly string[],
  labels: Int32Array,
  parts: readonly (Part | undefined)[],
): ClassCounts {
  const counts = classes.map((name) => ({ name, train: 0, validation: 0, test: 0 }));
  for (const [i, part] of parts.entries()) {
    if (part) at(counts, at(labels, i))[part] += 1;
  }
  return counts;
}

/**
 * Judges what is left of the classes after duplicates and contradictions were removed.
 *
 * @param counts of the hold-out split
 * @throws TrainingRefused TOO_FEW_IMAGES if nothing can be learned, or nothing tested
 */
export function requireEnough(counts: ClassCounts): void {
  const learnable = counts.filter(({ train }) => train > 0);
  if (learnable.length < 2) {
    const names = learnable.map(({ name }) => `only "${name}" has any`).join('') || 'none has any';
    const what = `At least two classes need images that are in no other class; ${names}.`;
    throw new TrainingRefused('TOO_FEW_IMAGES', what);
  }
  if (counts.every(({ test }) => test === 0)) {
    const what = 'No class has three different images, so none can be held out for testing.';
    throw new TrainingRefused('TOO_FEW_IMAGES', what);
  }
}

/**
 * Warnings about classes that cannot be learned or tested.
 *
 * @param tested labels of the classes of which an image is held out
 */
export const untestedClasses = (counts: ClassCounts, tested: ReadonlySet<number>): string[] =>
  counts.flatMap(({ name, train }, label) => {
    if (train === 0) return `"${name}" has no usable images and is never predicted.`;
    if (!tested.has(label)) return `"${name}" has too few different images and is not tested.`;
    return [];
  });

/**
 * Weights that compensate for uneven classes: each class has the same total weight.
 *
 * @param labels of the examples that are learned from
 * @returns the weight of an example by its class; the mean over the examples is 1
 */
export function classWeights(labels: Int32Array, classes: number, wish: 'auto' | 'none'): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label] = at(counts, label) + 1;
  if (wish === 'none') return counts.map(() => 1);
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count === 0 ? 0 : labels.length / (present * count)));
}
