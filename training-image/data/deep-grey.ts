import sharp from 'sharp';
import { MAX_PIXELS } from '#core/image-limits.ts';

/** The values that become black and white: cameras and scanners leave a few pixels outside of what counts. */
const DARKEST = 0.005;
const BRIGHTEST = 0.995;

const MAX_SAMPLED = 100_000; // chosen: values of which the percentiles are taken

/** Whether an image may have grey values of more than 8 bits, as far as its first bytes tell. */
export function mayBeDeepGrey(bytes: Uint8Array): boolean {
  const isPng = bytes[0] === 0x89;
  return isPng ? bytes[24] === 16 && bytes[25] === 0 : isTiff(bytes);
}

const isTiff = (bytes: Uint8Array): boolean => {
  const order = String.fromCharCode(bytes[0] ?? 0, bytes[1] ?? 0);
  return order === 'II' || order === 'MM';
};

/**
 * The grey values of an image that has more than 8 bits of them, brought to 8 bits: microscopes and X-ray machines often
 * use a part of their range only, and 12 bits in 16 would become black.
 *
 * @returns the image, as a PNG of 8 bits; undefined if the image is an ordinary one
 * @throws Error of libvips, or if values are signed
 */
export async function windowedGrey(bytes: Uint8Array): Promise<Buffer | undefined> {
  const options = { failOn: 'error', limitInputPixels: MAX_PIXELS, pages: 1 } as const;
  const { channels, depth, orientation } = await sharp(bytes, options).metadata();
  if (channels !== 1 || depth === 'uchar') return undefined;
  if (depth === 'short') throw new Error('libvips would lose the values below 0');
  const is16 = depth === 'ushort';
  const { data, info } = await sharp(bytes, options)
    .toColourspace(is16 ? 'grey16' : 'b-w')
    .raw({ depth: is16 ? 'ushort' : 'float' })
    .toBuffer({ resolveWithObject: true });
  const count = info.width * info.height;
  const values = is16
    ? new Uint16Array(data.buffer, data.byteOffset, count)
    : new Float32Array(data.buffer, data.byteOffset, count);
  const raw = { width: info.width, height: info.height, channels: 1 } as const;
  const image = sharp(toBytes(values), { raw }).toColourspace('b-w').png({ compressionLevel: 0 });
  return (orientation ? image.withMetadata({ orientation }) : image).toBuffer();
}

/** Maps the window between two percentiles to 0–255. */
function toBytes(values: Uint16Array | Float32Array): Uint8ClampedArray<ArrayBuffer> {
  const step = Math.ceil(values.length / MAX_SAMPLED);
  const sampled = Float32Array.from(
    { length: Math.ceil(values.length / step) },
    (_, i) => values[i * step] ?? 0,
  )
    .filter(Number.isFinite)
    .sort();
  const at = (part: number) => sampled[Math.round(part * (sampled.length - 1))] ?? 0;
  let [low, high] = [at(DARKEST), at(BRIGHTEST)];
  if (low === high) [low, high] = [at(0), at(1)];
  const grey = new Uint8ClampedArray(values.length); // rounds and clamps; NaN becomes 0
  if (low === high) return grey.fill(values instanceof Uint16Array ? low / 257 : 128);
  for (let i = 0; i < grey.length; i++) grey[i] = (((values[i] ?? 0) - low) / (high - low)) * 255;
  return grey;
}
