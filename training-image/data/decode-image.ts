import sharp from 'sharp';
import { MAX_PIXELS } from '#core/image-limits.ts';
import { isOutOfMemory } from '../job/errors.ts';
import { resize } from './resize.mjs';

/** How images are brought to the teacher's size, in the words of the card; `understudy predict` does the same. */
export const RESIZE =
  'resize.mjs: bicubic to px × px, aspect ratio not kept; before that EXIF orientation applied, sRGB, alpha on white';

/** Set in the environment of a thread whose process has already limited the loaders. */
export const LOADERS_LIMITED = 'UNDERSTUDY_LOADERS_LIMITED';

// A decoder is an attack surface: only those of the formats that the validator accepts stay enabled. The setting is
// process-wide, and between the two calls no other thread could decode anything.
if (process.env[LOADERS_LIMITED] === undefined) {
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({
    operation: ['Jpeg', 'Png', 'Nsgif', 'Webp'].map((format) => `VipsForeignLoad${format}Buffer`),
  });
}
sharp.cache(false); // each image is decoded once

/**
 * Decodes one image; of an animation the first frame.
 *
 * @param px height and width of the result
 * @returns RGB, 0 to 255, [px, px, 3] row by row
 * @throws Error whose message says what is wrong with the bytes
 */
export async function decodeImage(bytes: Uint8Array, px: number): Promise<Buffer> {
  const { data, info } = await sharp(bytes, {
    failOn: 'error', // also for truncated files
    limitInputPixels: MAX_PIXELS,
    pages: 1,
    autoOrient: true,
  })
    .toColourspace('srgb')
    .flatten({ background: 'white' })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return Buffer.from(resize(data, info.width, info.height, px).buffer);
}

/** An image as `decodeImage` returns it, or what is wrong with its bytes. */
export type DecodeResult = { pixels: Uint8Array } | { problem: string };

/** Like `decodeImage`, but returns the faults of the bytes; it throws what is not their fault. */
export async function tryDecodeImage(bytes: Uint8Array, px: number): Promise<DecodeResult> {
  try {
    return { pixels: await decodeImage(bytes, px) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (isOutOfMemory(message)) throw error;
    return { problem: message.split('\n')[0] ?? '' };
  }
}
