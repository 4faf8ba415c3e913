import type { StudentCard } from '#core/card.ts';
import { TrainingRefused } from '../job/errors.ts';
import type { Part } from './split-examples.ts';

export type ClassCounts = StudentCard['data']['perClass'];

/** How many examples of each class came into each part. */
export function countClasses(
  classes: readonly string[],
  examples: readonly { label: number }[],
  parts: readonly (Part | undefined)[],
): ClassCounts {
  const counts = classes.map((name) => ({ name, train: 0, validation: 0, test: 0 }));
  for (const [i, { label }] of examples.entries()) {
    const part = parts[i];
    const count = counts[label];
    if (part && count) count[part] += 1;
  }
  return counts;
}

/**
 * What copies and contradictions have left of the classes.
 *
 * @returns warnings about classes that can be learned or measured only in part
 * @throws TrainingRefused where nothing can be learned, or nothing measured
 */
export function judgeCounts(counts: ClassCounts): string[] {
  const learned = counts.filter(({ train }) => train > 0);
  if (learned.length < 2) {
    const names = learned.map(({ name }) => `only "${name}" does`).join('') || 'none does';
    const what = `At least two classes need images that lie in no other class; ${names}.`;
    throw new TrainingRefused('VALIDATION_FAILED', what);
  }
  if (counts.every(({ test }) => test === 0)) {
    const what = 'No class has three different images, so none can be held out for the test.';
    throw new TrainingRefused('VALIDATION_FAILED', what);
  }
  return counts.flatMap(({ name, train, test }) => {
    if (train === 0) return `"${name}" has no images of its own, and is never the answer.`;
    if (test === 0) return `"${name}" has fewer than three different images; it is not tested.`;
    return [];
  });
}
