import sharp from 'sharp';
import type { Files } from '#examples/job-folder.ts';
import { mulberry32 } from '#training-image/data/seeded-random.ts';
import { randomBytes } from '../random.ts';

const TINTS = [
  [200, 60, 60],
  [60, 200, 60],
  [60, 60, 200],
] as const;
const NAMES = ['red', 'green', 'blue'];

/**
 * A noisy image of one tint, of a size of its own; each seed gives another.
 *
 * @param strength of the tint, 0 to 1
 */
export function tinted(label: number, seed: number, strength = 1): Promise<Buffer> {
  const random = mulberry32(1000 * label + seed);
  const width = 12 + Math.floor(20 * random());
  const height = 12 + Math.floor(20 * random());
  const tint = TINTS[label] ?? [0, 0, 0];
  const noise = randomBytes(3 * width * height, 7 + 1000 * label + seed);
  const pixels = noise.map((each, i) => (128 + strength * ((tint[i % 3] ?? 0) - 128) + each) / 2);
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/** So many images of each of two or three classes, which any eye can tell apart unless the tint is weak. */
export async function tintedClasses(perClass: readonly number[], strength = 1): Promise<Files> {
  const files: Files = {};
  for (const [label, count] of perClass.entries()) {
    for (let i = 0; i < count; i++) {
      files[`${NAMES[label]}/${i}.png`] = await tinted(label, i, strength);
    }
  }
  return files;
}
