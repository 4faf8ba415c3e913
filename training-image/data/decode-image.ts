import sharp from 'sharp';
import { resize } from './resize.mjs';

/** How images come to the teacher's size; the student's card and README say it, and `understudy predict` does it. */
export const RESIZE =
  'resize.mjs: bicubic to px × px without keeping the aspect ratio; before it upright by EXIF, sRGB, alpha on white';

const MOST_PIXELS = 25_000_000;

/** In the environment of a thread whose process has limited the loaders already. */
export const LOADERS_LIMITED = 'UNDERSTUDY_LOADERS_LIMITED';

// A decoder is an attack surface: only those of the formats that the validator accepts are left. It holds for the whole
// process, whose other threads can decode nothing between the two calls.
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
    failOn: 'error', // a truncated file is no image
    limitInputPixels: MOST_PIXELS,
    pages: 1,
    autoOrient: true,
  })
    .toColourspace('srgb')
    .flatten({ background: 'white' })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return Buffer.from(resize(data, info.width, info.height, px).buffer);
}
