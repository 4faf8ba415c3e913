import { constants, deflateSync, inflateSync } from 'node:zlib';
import sharp from 'sharp';
import { MISSING_AT_MOST } from '#core/image-faults.ts';
import { MAX_PIXELS } from '#core/image-limits.ts';
import { pngChunk } from './png-chunk.ts';

/**
 * Completes an image that lacks hardly anything but its end, as viewers do when they show it.
 *
 * @returns the bytes of a whole image; undefined if more than MISSING_AT_MOST of the picture is missing, or nothing is
 */
export async function mendImage(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  const image = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (image[0] === 0xff && image[1] === 0xd8) return mendJpeg(image);
  if (image[0] === 0x89) return mendPng(image);
  if (image.toString('latin1', 0, 4) === 'RIFF') return mendWebp(image);
  return undefined;
}

async function mendJpeg(image: Buffer): Promise<Buffer | undefined> {
  if (!hasAllScans(image)) return undefined;
  const ended = Buffer.concat([image, Buffer.from([0xff, 0xd9])]);
  const decoder = sharp(ended, { failOn: 'none', limitInputPixels: MAX_PIXELS });
  const { space } = await decoder.metadata();
  const { data, info } = await decoder.raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  // What is missing is grey; printers' colours become a colour that depends on the profile.
  const filling = space === 'cmyk' ? data.subarray(-channels) : Buffer.alloc(channels, 128);
  const missing = sameAtEnd(data, width, height, filling);
  return missing <= MISSING_AT_MOST * width * height ? ended : undefined;
}

/**
 * Whether every scan has begun that a JPEG needs for full detail: a progressive one is whole but blurred without its
 * last ones (ITU-T T.81, G.1.1.1).
 */
function hasAllScans(jpeg: Buffer): boolean {
  const missing = new Set<number>(); // 64 × component + coefficient
  let isProgressive = false;
  let scans = 0;
  for (let at = 2; ; ) {
    at = jpeg.indexOf(0xff, at);
    if (at < 0 || at + 4 > jpeg.length) break;
    const marker = jpeg.readUInt8(at + 1);
    if (marker === 0xff) {
      at += 1; // a fill byte
      continue;
    }
    if (marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd9)) {
      at += 2; // no segment
      continue;
    }
    const end = at + 2 + jpeg.readUInt16BE(at + 2);
    if (end > jpeg.length) break;
    if (marker === 0xc0 || marker === 0xc1 || marker === 0xc2) {
      isProgressive = marker === 0xc2;
      for (let of = at + 10; of + 3 <= end; of += 3) {
        const coefficients = isProgressive ? 64 : 1; // a sequential scan has all of them
        for (let k = 0; k < coefficients; k++) missing.add(64 * (jpeg[of] ?? 0) + k);
      }
    }
    if (marker === 0xda) {
      scans += 1;
      const [first = 0, last = 0, bits = 0] = jpeg.subarray(end - 3, end);
      const count = jpeg[at + 4] ?? 0;
      for (let i = 0; i < count; i++) {
        const component = jpeg[at + 5 + 2 * i] ?? 0;
        if (!isProgressive) missing.delete(64 * component);
        else if ((bits & 15) === 0)
          for (let k = first; k <= last; k++) missing.delete(64 * component + k);
      }
    }
    at = end;
  }
  return scans > 0 && missing.size === 0;
}

/** Pixels at the end of the rows at the bottom that have the colour with which a decoder replaces what is missing. */
function sameAtEnd(pixels: Buffer, width: number, height: number, filling: Buffer): number {
  const channels = filling.length;
  const isFilling = (at: number) =>
    filling.every((value, channel) => Math.abs(value - (pixels[at + channel] ?? 0)) <= 1);
  let same = 0;
  for (let y = height - 1; y >= 0; y--) {
    let inRow = 0;
    while (inRow < width && isFilling((y * width + width - 1 - inRow) * channels)) inRow += 1;
    if (inRow === 0) break;
    same += inRow;
  }
  return same;
}

const PNG_CHANNELS: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }; // by colour type

/** A PNG with the same pixels as far as they can be unpacked, and zeros after them. */
function mendPng(image: Buffer): Buffer | undefined {
  const before: Buffer[] = [image.subarray(0, 8)];
  const packed: Buffer[] = [];
  for (let at = 8; at + 8 <= image.length; ) {
    const end = at + 12 + image.readUInt32BE(at);
    const type = image.toString('latin1', at + 4, at + 8);
    if (type === 'IDAT') packed.push(image.subarray(at + 8, Math.min(end - 4, image.length)));
    else if (packed.length > 0) break;
    else before.push(image.subarray(at, end));
    at = end;
  }
  if (packed.length === 0) return undefined;
  const needed = unpackedSize(image);
  if (needed === undefined) return undefined;
  let found: Buffer;
  try {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: needed };
    found = inflateSync(Buffer.concat(packed), options);
  } catch {
    return undefined; // damaged rather than cut off
  }
  const missing = needed - found.length;
  if (missing > MISSING_AT_MOST * needed) return undefined;
  const pixels = Buffer.concat([found, Buffer.alloc(missing)]);
  const chunks = [pngChunk('IDAT', deflateSync(pixels, { level: 1 })), pngChunk('IEND')];
  return Buffer.concat([...before, ...chunks]);
}

/** Bytes of a PNG's filtered rows; undefined if its header claims what no decoder would take. */
function unpackedSize(png: Buffer): number | undefined {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const [depth = 0, colourType = 0, , , interlaced] = png.subarray(24, 29);
  const bits = depth * (PNG_CHANNELS[colourType] ?? 0);
  if (width * height > MAX_PIXELS || bits === 0) return undefined;
  const rows = (w: number, h: number) => (w > 0 ? h * (1 + Math.ceil((w * bits) / 8)) : 0);
  if (!interlaced) return rows(width, height);
  return ADAM7.reduce((sum, [x, y, across, down]) => {
    const [w, h] = [Math.ceil((width - x) / across), Math.ceil((height - y) / down)];
    return sum + (w > 0 && h > 0 ? rows(w, h) : 0);
  }, 0);
}

/** The passes of an interlaced PNG: first column and row, and the distance of columns and rows. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** A WebP tells its length: zeros in place of the last bytes cost a few pixels. */
function mendWebp(image: Buffer): Buffer | undefined {
  if (image.length < 12) return undefined;
  const missing = 8 + image.readUInt32LE(4) - image.length;
  if (missing <= 0 || missing > MISSING_AT_MOST * image.length) return undefined;
  return Buffer.concat([image, Buffer.alloc(missing)]);
}
