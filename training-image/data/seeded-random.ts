import { createHash } from 'node:crypto';
import { at } from '#core/at.ts';

/**
 * A generator of numbers in [0, 1) that gives the same sequence for the same parts, so that no random state has to be
 * stored (Mulberry32).
 *
 * @param parts what the numbers are drawn for: a seed, an epoch, an index
 */
export function seededRandom(...parts: readonly (string | number)[]): () => number {
  let state = createHash('sha256').update(parts.join('|')).digest().readInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The numbers from 0 to n - 1 in random order (Fisher–Yates). */
export function shuffled(n: number, random: () => number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const last = at(order, i);
    order[i] = at(order, j);
    order[j] = last;
  }
  return order;
}
