import { mulberry32 } from '#training-image/data/seeded-random.ts';

/** Values from 0 to 255. */
export function randomBytes(length: number, seed = 1): Uint8Array {
  const random = mulberry32(seed);
  return Uint8Array.from({ length }, () => Math.floor(256 * random()));
}

/** Values between -1 and 1. */
export function randomFloats(length: number, seed = 1): Float32Array {
  const random = mulberry32(seed);
  return Float32Array.from({ length }, () => 2 * random() - 1);
}
