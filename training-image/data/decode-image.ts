import sharp from 'sharp';
import { MAX_PIXELS } from '#core/image-limits.ts';
import { applyProfile } from './apply-profile.ts';
import { mayBeDeepGrey, windowedGrey } from './deep-grey.ts';
import { ImageRefused, refusalOf } from './image-refused.ts';
import { mendImage } from './mend-image.ts';
import { resize, wholeFactor } from './resize.mjs';

/** How images are brought to the teacher's size, in the words of the card; `understudy predict` does the same. */
export const RESIZE =
  'resize.mjs: bicubic as in Pillow (reducing_gap=2.0), to px × px, aspect ratio not kept; before that EXIF orientation applied, sRGB, alpha on white';

/** The software that decodes: with another version, pixels may differ. */
export const DECODER = `libvips ${sharp.versions.vips}`;

/** Set in the environment of a thread whose process has already limited the loaders. */
export const LOADERS_LIMITED = 'UNDERSTUDY_LOADERS_LIMITED';

// A decoder is an attack surface: only those of the formats that the validator accepts stay enabled. The setting is
// process-wide, and between the two calls no other thread could decode anything.
if (process.env[LOADERS_LIMITED] === undefined) {
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({
    operation: ['Jpeg', 'Png', 'Nsgif', 'Webp', 'Tiff', 'Heif'].map(
      (format) => `VipsForeignLoad${format}Buffer`,
    ),
  });
}
sharp.cache(false); // each image is decoded once

/**
 * Decodes one image; of an animation or a document the first picture. An image that lacks hardly more than its end is
 * decoded all the same, and grey values of more than 8 bits keep the range that they use.
 *
 * @param px height and width of the result
 * @returns RGB, 0 to 255, [px, px, 3] row by row
 * @throws ImageRefused if the bytes are at fault
 */
export async function decodeImage(bytes: Uint8Array, px: number): Promise<Buffer> {
  try {
    return await decodeWhole(bytes, px);
  } catch (error) {
    const refusal = refusalOf(bytes, error);
    if (!(refusal instanceof ImageRefused)) throw refusal;
    const mended = await mendImage(bytes).catch(() => undefined);
    if (!mended) throw refusal;
    return decodeWhole(mended, px).catch(() => Promise.reject(refusal));
  }
}

/**
 * Decodes an image of which nothing is missing. Large JPEGs are decoded at a smaller size, which takes a third of the
 * time and gives nearly the same pixels as the means of `resize`.
 *
 * @throws Error of libvips
 */
async function decodeWhole(bytes: Uint8Array, px: number): Promise<Buffer> {
  const grey = mayBeDeepGrey(bytes) ? await windowedGrey(bytes) : undefined;
  if (grey) return decodeWhole(grey, px);
  const reduced = isLargeJpeg(bytes) ? await reducedSize(bytes, px) : undefined;
  const image = sharp(bytes, {
    failOn: 'error', // also for truncated files
    limitInputPixels: MAX_PIXELS,
    pages: 1,
    autoOrient: !reduced, // it would come before the reduction
    ignoreIcc: reduced?.profile !== undefined,
  });
  if (reduced) image.resize({ width: reduced.width, height: reduced.height, fit: 'fill' });
  const { data, info } = await image
    .toColourspace('srgb')
    .flatten({ background: 'white' })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const resized = Buffer.from(resize(data, info.width, info.height, px).buffer);
  if (!reduced) return resized;
  // What can as well be done afterwards: a square has far fewer pixels.
  const { profile, orientation } = reduced;
  const coloured = profile ? await applyProfile(resized, px, profile) : resized;
  return oriented(coloured, px, orientation);
}

const LARGE = 64 * 1024; // bytes; chosen: reading the header of a smaller one takes as long as it saves

const isLargeJpeg = (bytes: Uint8Array): boolean =>
  bytes.length > LARGE && bytes[0] === 0xff && bytes[1] === 0xd8;

/**
 * The size to decode a JPEG at: an eighth, a quarter or half, and still twice px; undefined for its own size. Printers' colours
 * have more channels than the result, so their profile has to be applied while decoding.
 */
async function reducedSize(bytes: Uint8Array, px: number) {
  const { width, height, orientation = 1, space, icc } = await sharp(bytes).metadata();
  const most = Math.min(wholeFactor(width, px), wholeFactor(height, px));
  const by = [8, 4, 2].find((factor) => factor <= most); // what libjpeg can do while decoding
  if (by === undefined) return undefined;
  const profile = space === 'srgb' ? icc : undefined;
  return { width: Math.ceil(width / by), height: Math.ceil(height / by), orientation, profile };
}

/**
 * @param pixels RGB, [px, px, 3]
 * @param orientation of EXIF: where the image's top left corner is, from 1 to 8
 */
async function oriented(pixels: Buffer, px: number, orientation: number): Promise<Buffer> {
  if (orientation <= 1) return pixels;
  const image = sharp(pixels, { raw: { width: px, height: px, channels: 3 } });
  if ([2, 4, 5, 7].includes(orientation)) image.flop(); // before it is rotated
  image.rotate([0, 0, 0, 180, 180, 270, 90, 90, 270][orientation] ?? 0);
  return image.raw().toBuffer();
}

/** An image as `decodeImage` returns it, or what is wrong with its bytes, continuing the sentence that its name begins. */
export type DecodeResult = { pixels: Uint8Array } | { problem: string };

/** Like `decodeImage`, but returns the faults of the bytes; it throws what is not their fault. */
export async function tryDecodeImage(bytes: Uint8Array, px: number): Promise<DecodeResult> {
  try {
    return { pixels: await decodeImage(bytes, px) };
  } catch (error) {
    if (error instanceof ImageRefused) return { problem: error.message };
    throw error;
  }
}
