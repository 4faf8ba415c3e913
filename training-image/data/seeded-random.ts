import { createHash } from 'node:crypto';
import { at } from '#core/at.ts';

/**
 * Numbers from 0 to 1, the same for the same parts; what is drawn is known without keeping a state.
 *
 * @param parts what the numbers are drawn for: a seed, an epoch, an index
 */
export function seededRandom(...parts: readonly (string | number)[]): () => number {
  return mulberry32(createHash('sha256').update(parts.join('|')).digest().readInt32LE(0));
}

/** Tommy Ettinger's generator with 32 bits of state: numbers from 0 to 1. */
export function mulberry32(seed: number): () => number {
  let state = seed;
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
