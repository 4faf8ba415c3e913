import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '#training-image/data/decode-image.ts';
import { noteOn } from '#training-image/data/image-notes.ts';

const PX = 16;
const SIDE = 64;
const COUNT = SIDE * SIDE;

/** A ramp from `low` to `high`, row by row, as 16-bit grey. */
function ramp(low: number, high: number): Uint16Array<ArrayBuffer> {
  return new Uint16Array(COUNT).map((_, i) => low + ((high - low) * i) / (COUNT - 1));
}

const encoded = (values: Uint16Array<ArrayBuffer>, format: 'png' | 'tiff') =>
  sharp(values, { raw: { width: SIDE, height: SIDE, channels: 1 } })
    .toColourspace('grey16')
    [format](format === 'tiff' ? { compression: 'lzw' } : {})
    .toBuffer();

/** An uncompressed grey TIFF. @param kind of its values: 1 unsigned, 2 signed, 3 float */
function tiffOf(values: Float32Array | Uint32Array | Int16Array, kind: 1 | 2 | 3): Buffer {
  const tags = [
    [256, SIDE],
    [257, SIDE],
    [258, 8 * values.BYTES_PER_ELEMENT],
    [259, 1],
    [262, 1],
    [273, 8 + 2 + 10 * 12 + 4],
    [277, 1],
    [278, SIDE],
    [279, values.byteLength],
    [339, kind],
  ] as const;
  const head = Buffer.alloc(8 + 2 + 12 * tags.length + 4);
  head.write('II*\0', 'latin1');
  head.writeUInt32LE(8, 4);
  head.writeUInt16LE(tags.length, 8);
  for (const [i, [tag, value]] of tags.entries()) {
    head.writeUInt16LE(tag, 10 + 12 * i);
    head.writeUInt16LE(3, 12 + 12 * i);
    head.writeUInt32LE(1, 14 + 12 * i);
    head.writeUInt16LE(value, 18 + 12 * i);
  }
  return Buffer.concat([head, Buffer.from(values.buffer)]);
}

const extremes = (pixels: Uint8Array) => [Math.min(...pixels), Math.max(...pixels)];

describe('decodeImage, of greys with more than 8 bits', () => {
  it.each([
    ['all 16 bits', 0, 65_535],
    ['12 bits in 16', 0, 4_095],
    ['a part of the range', 30_000, 30_400],
  ])('keeps the range of %s', async (_, low, high) => {
    for (const format of ['png', 'tiff'] as const) {
      const bytes = await encoded(ramp(low, high), format);
      const pixels = await decodeImage(bytes, PX);

      const [darkest = 255, brightest = 0] = extremes(pixels);
      expect(darkest).toBeLessThan(12);
      expect(brightest).toBeGreaterThan(243);
      expect(Math.abs((pixels[3 * (PX * PX) * 0.5] ?? 0) - 128)).toBeLessThan(12);
      expect(noteOn(bytes)?.what).toMatch(/more than 256 grey values/);
    }
  });

  it('is not led astray by a few pixels of another range', async () => {
    const values = ramp(1_000, 2_000).fill(65_535, 0, 10);

    const pixels = await decodeImage(await encoded(values, 'png'), PX);

    expect(extremes(pixels.subarray(3 * PX))[1]).toBeGreaterThan(243);
    expect(extremes(pixels.subarray(3 * PX))[0]).toBeLessThan(40);
  });

  it.each([
    ['floats from 0 to 1', 3, Float32Array.from(ramp(0, 1_000), (value) => value / 1_000)],
    ['floats with gaps', 3, Float32Array.from(ramp(0, 9_000), (v, i) => (i % 50 ? v - 500 : NaN))],
    ['32-bit integers', 1, Uint32Array.from(ramp(0, 60_000), (value) => value * 1_000)],
  ] as const)('keeps the range of a TIFF of %s', async (_, kind, values) => {
    const bytes = tiffOf(values, kind);
    const [darkest = 255, brightest = 0] = extremes(await decodeImage(bytes, PX));

    expect(darkest).toBeLessThan(25);
    expect(brightest).toBeGreaterThan(230);
    expect(noteOn(bytes)?.what).toMatch(/more than 256 grey values/);
  });

  it('refuses signed values, of which libvips would lose those below 0', async () => {
    const bytes = tiffOf(
      Int16Array.from(ramp(0, 2_000), (value) => value - 1_000),
      2,
    );

    await expect(decodeImage(bytes, PX)).rejects.toThrow(/rare variant/);
  });

  it('leaves ordinary greys as they are', async () => {
    const raw = { width: SIDE, height: SIDE, channels: 1 } as const;
    const grey = sharp(new Uint8Array(COUNT).fill(77), { raw }).toColourspace('b-w');
    for (const bytes of [
      await grey.png().toBuffer(),
      await grey.tiff({ compression: 'lzw' }).toBuffer(),
    ]) {
      expect(new Set(await decodeImage(bytes, PX))).toEqual(new Set([77]));
      expect(noteOn(bytes)).toBeUndefined();
    }
  });
});
