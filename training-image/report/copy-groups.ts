import { at } from '#core/at.ts';
import type { Copies } from '../data/find-copies.ts';

/** Images that show the same, or nearly the same. */
export interface CopyGroup {
  examples: number[]; // indices among all
  isExact: boolean; // all have the very same pixels
  classes: number; // in which they are
}

/** All groups of copies: first those in several classes, then the larger ones. */
export function copyGroups({ identities, groups }: Copies, labels: Int32Array): CopyGroup[] {
  const members = new Map<string, number[]>();
  for (const [i, group] of groups.entries()) {
    const known = members.get(group);
    if (known) known.push(i);
    else members.set(group, [i]);
  }
  return [...members.values()]
    .filter((examples) => examples.length > 1)
    .map((examples) => ({
      examples,
      isExact: new Set(examples.map((i) => at(identities, i))).size === 1,
      classes: new Set(examples.map((i) => at(labels, i))).size,
    }))
    .sort((a, b) => b.classes - a.classes || b.examples.length - a.examples.length);
}
