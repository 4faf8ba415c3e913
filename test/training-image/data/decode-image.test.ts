import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '#training-image/data/decode-image.ts';
import { randomBytes } from '../../random.ts';

const PX = 8;

/** Red above blue: any turn of it is seen. */
const halves = (width = 40, height = 40) =>
  sharp(
    Buffer.concat([
      Buffer.alloc((3 * width * height) / 2, Buffer.from([255, 0, 0])),
      Buffer.alloc((3 * width * height) / 2, Buffer.from([0, 0, 255])),
    ]),
    { raw: { width, height, channels: 3 } },
  );

/** The colour at a place of a decoded image, in words. */
function at(pixels: Uint8Array, x: number, y: number): string {
  const [r = 0, g = 0, b = 0] = pixels.subarray(3 * (y * PX + x), 3 * (y * PX + x) + 3);
  const near = (value: number, wanted: number) => Math.abs(value - wanted) <= 12;
  const named = {
    red: [255, 0, 0],
    blue: [0, 0, 255],
    white: [255, 255, 255],
    grey: [128, 128, 128],
  };
  for (const [name, [R = 0, G = 0, B = 0]] of Object.entries(named)) {
    if (near(r, R) && near(g, G) && near(b, B)) return name;
  }
  return `${r} ${g} ${b}`;
}
const top = (pixels: Uint8Array) => at(pixels, 4, 0);
const bottom = (pixels: Uint8Array) => at(pixels, 4, PX - 1);

describe('decodeImage', () => {
  it.each(['png', 'jpeg', 'webp', 'gif', 'tiff', 'avif'] as const)('knows %s', async (format) => {
    const pixels = await decodeImage(await halves().toFormat(format).toBuffer(), PX);

    expect(pixels).toHaveLength(3 * PX * PX);
    expect([top(pixels), bottom(pixels)]).toEqual(['red', 'blue']);
  });

  it.each([
    [1, 'red', 'blue'],
    [3, 'blue', 'red'], // upside down
  ])('turns a photograph of EXIF orientation %i upright', async (orientation, above, below) => {
    const photograph = await halves().withMetadata({ orientation }).jpeg().toBuffer();

    const pixels = await decodeImage(photograph, PX);

    expect([top(pixels), bottom(pixels)]).toEqual([above, below]);
  });

  it('lays what is transparent on white', async () => {
    const raw = { width: 10, height: 10, channels: 4 } as const;
    const halfClear = Buffer.concat([
      Buffer.alloc(200, Buffer.from([0, 0, 255, 0])),
      Buffer.alloc(200, Buffer.from([0, 0, 255, 255])),
    ]);

    const pixels = await decodeImage(await sharp(halfClear, { raw }).png().toBuffer(), PX);

    expect([top(pixels), bottom(pixels)]).toEqual(['white', 'blue']);
  });

  it('lays grey with transparency on white', async () => {
    const raw = { width: 10, height: 10, channels: 2 } as const;
    const clear = Buffer.alloc(200, Buffer.from([128, 0]));

    const pixels = await decodeImage(await sharp(clear, { raw }).png().toBuffer(), PX);

    expect(pixels.every((value) => value === 255)).toBe(true);
  });

  it.each([
    ['grey', 1],
    ['colour', 3],
  ] as const)('brings 16 bits of %s to 8', async (_, channels) => {
    const raw = { width: 10, height: 10, channels, depth: 'ushort' } as const;
    const values = new Uint16Array(100 * channels).fill(0x8080);
    const file = await sharp(values, { raw })
      .toColourspace(channels === 1 ? 'grey16' : 'rgb16')
      .png()
      .toBuffer();
    expect((await sharp(file).metadata()).depth).toBe('ushort');

    const pixels = await decodeImage(file, PX);

    expect(pixels).toHaveLength(3 * PX * PX);
    expect(pixels.every((value) => Math.abs(value - 128) <= 1)).toBe(true);
  });

  it('gives a grey image three equal channels', async () => {
    const file = await halves().toColourspace('b-w').png().toBuffer();
    expect((await sharp(file).metadata()).channels).toBe(1);

    const pixels = await decodeImage(file, PX);

    for (let i = 0; i < pixels.length; i += 3) {
      expect([pixels[i + 1], pixels[i + 2]]).toEqual([pixels[i], pixels[i]]);
    }
  });

  it('turns printers’ colours into those of a screen', async () => {
    const file = await halves().toColourspace('cmyk').jpeg().toBuffer();
    expect((await sharp(file).metadata()).space).toBe('cmyk');

    const pixels = await decodeImage(file, PX);

    const [r = 0, g = 0, b = 0] = pixels;
    expect(r - g).toBeGreaterThan(100); // printed red is no pure red
    expect(r - b).toBeGreaterThan(100);
  });

  it('turns the colours of a wide profile into sRGB', async () => {
    const wide = await halves().withIccProfile('p3').png().toBuffer();
    const stored = await sharp(wide, { ignoreIcc: true }).raw().toBuffer();
    expect(stored.subarray(0, 3)).not.toEqual(Buffer.from([255, 0, 0])); // P3 writes the same red otherwise

    const pixels = await decodeImage(wide, PX);

    expect([top(pixels), bottom(pixels)]).toEqual(['red', 'blue']);
  });

  it('takes the first image of an animation', async () => {
    const frames = await Promise.all([
      halves().png().toBuffer(),
      halves().negate().png().toBuffer(),
    ]);
    const file = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer();
    expect((await sharp(file).metadata()).pages).toBe(2);

    const pixels = await decodeImage(file, PX);

    expect([top(pixels), bottom(pixels)]).toEqual(['red', 'blue']);
  });

  it.each(
    (['png', 'jpeg', 'webp', 'gif', 'tiff', 'avif'] as const).flatMap((format) =>
      [0.1, 0.5, 0.9].map((part) => ({ format, part })),
    ),
  )('refuses a $format of which only $part arrived', async ({ format, part }) => {
    const noise = sharp(randomBytes(3 * 64 * 64), { raw: { width: 64, height: 64, channels: 3 } });
    const whole = await noise.toFormat(format).toBuffer();
    await expect(decodeImage(whole, PX)).resolves.toHaveLength(3 * PX * PX);

    const cut = whole.subarray(0, Math.floor(part * whole.length));

    await expect(decodeImage(cut, PX)).rejects.toThrow(/^is (cut off|damaged)/);
  });

  it('refuses an image of 30 megapixels by its header', async () => {
    const small = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const bomb = withPngSize(small, 6_000, 5_000);
    const before = process.memoryUsage.rss();

    await expect(decodeImage(bomb, PX)).rejects.toThrow(/25 megapixels/);
    expect(process.memoryUsage.rss() - before).toBeLessThan(50e6);
  });

  it.each([
    ['an SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>', /SVG/],
    ['a web page', '<!doctype html><p>not found</p>', /web page/],
    ['nothing', '', /empty/],
  ])('refuses %s', async (_, text, why) => {
    await expect(decodeImage(Buffer.from(text), PX)).rejects.toThrow(why);
  });
});

/** The same PNG with another size in its header, and the header's checksum put right. */
function withPngSize(png: Buffer, width: number, height: number): Buffer {
  const changed = Buffer.from(png);
  changed.writeUInt32BE(width, 16);
  changed.writeUInt32BE(height, 20);
  changed.writeUInt32BE(crc32(changed.subarray(12, 29)), 29);
  return changed;
}
