import sharp from 'sharp';

/** How pictures come to the teacher's size; the student's card and README say it, and `understudy predict` does it. */
export const RESIZE =
  'sharp: upright by EXIF, sRGB, alpha on white, bicubic to px × px without keeping the aspect ratio';

const MOST_PIXELS = 25_000_000;

// A decoder is an attack surface: only those of the formats that the validator accepts are left.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Nsgif', 'Webp'].map((format) => `VipsForeignLoad${format}Buffer`),
});
sharp.cache(false); // each picture is decoded once

/**
 * Decodes one picture; of an animation the first frame.
 *
 * @param px height and width of the result
 * @returns RGB, 0 to 255, [px, px, 3] row by row
 * @throws Error whose message says what is wrong with the bytes
 */
export async function decodePicture(bytes: Uint8Array, px: number): Promise<Buffer> {
  const { data, info } = await sharp(bytes, {
    failOn: 'error', // a truncated file is no picture
    limitInputPixels: MOST_PIXELS,
    pages: 1,
    autoOrient: true,
  })
    .toColourspace('srgb')
    .flatten({ background: 'white' })
    .resize(px, px, { fit: 'fill', kernel: 'cubic', fastShrinkOnLoad: false })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  if (info.channels === 3) return data;
  if (info.channels === 1) return tripled(data);
  throw new Error(`it has ${info.channels} channels`);
}

function tripled(grey: Buffer): Buffer {
  const rgb = Buffer.alloc(3 * grey.length);
  for (let i = 0; i < grey.length; i++) rgb.fill(grey[i] ?? 0, 3 * i, 3 * i + 3);
  return rgb;
}
