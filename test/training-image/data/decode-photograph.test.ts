import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from '#training-image/data/decode-image.ts';
import { mulberry32 } from '#training-image/data/seeded-random.ts';

// Photographs are decoded at a smaller size. What comes out is compared with decoding all of their pixels, which happens to
// the same photograph as a PNG.

const [WIDTH, HEIGHT, PX] = [1_203, 805, 64]; // odd: reduced sizes are rounded
let photograph: Buffer; // JPEG

beforeAll(async () => {
  const random = mulberry32(3);
  const coarse = Buffer.from(Uint8Array.from({ length: 3 * 12 * 8 }, () => 256 * random()));
  const fine = Buffer.from(Uint8Array.from({ length: 3 * WIDTH * HEIGHT }, () => 40 * random()));
  const raw = { width: WIDTH, height: HEIGHT, channels: 3 } as const;
  photograph = await sharp(coarse, { raw: { width: 12, height: 8, channels: 3 } })
    .resize(WIDTH, HEIGHT, { fit: 'fill', kernel: 'cubic' })
    .composite([{ input: fine, raw, blend: 'add' }])
    .jpeg({ quality: 92 })
    .toBuffer();
});

/** Mean and largest difference of two images, of 0 to 255. */
function difference(a: Uint8Array, b: Uint8Array): { mean: number; largest: number } {
  const each = Array.from(a, (value, i) => Math.abs(value - (b[i] ?? Number.NaN)));
  const mean = each.reduce((sum, x) => sum + x, 0) / each.length;
  return { mean, largest: each.reduce((most, x) => Math.max(most, x), 0) };
}

describe('decodeImage, of photographs', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'gives nearly the pixels of the whole photograph with EXIF orientation %i',
    async (orientation) => {
      const jpeg = await sharp(photograph).withMetadata({ orientation }).toBuffer();
      expect(jpeg.length).toBeGreaterThan(64 * 1024);
      const upright = await sharp(jpeg, { autoOrient: true }).png().toBuffer();

      const { mean, largest } = difference(
        await decodeImage(jpeg, PX),
        await decodeImage(upright, PX),
      );

      expect(mean).toBeLessThan(1);
      expect(largest).toBeLessThan(12);
    },
  );

  it.each(['srgb', 'p3'])(
    'gives nearly the colors of the whole photograph with the profile %s',
    async (profile) => {
      const jpeg = await sharp(photograph).withIccProfile(profile).jpeg({ quality: 92 }).toBuffer();
      const ignored = await sharp(jpeg, { ignoreIcc: true }).png().toBuffer();
      const whole = await sharp(jpeg).toColourspace('srgb').png().toBuffer();

      const colors = await decodeImage(jpeg, PX);

      const { mean, largest } = difference(colors, await decodeImage(whole, PX));
      expect(mean).toBeLessThan(1.5);
      expect(largest).toBeLessThan(16);
      if (profile === 'p3')
        expect(difference(colors, await decodeImage(ignored, PX)).mean).toBeGreaterThan(2 * mean);
    },
  );

  it('decodes one with a damaged profile as it is', async () => {
    const jpeg = await sharp(photograph).withIccProfile('p3').jpeg({ quality: 92 }).toBuffer();
    const { icc = Buffer.alloc(0) } = await sharp(jpeg).metadata();
    const damaged = Buffer.from(jpeg);
    damaged.fill(0x7f, jpeg.indexOf(icc) + 8, jpeg.indexOf(icc) + icc.length);

    expect(await decodeImage(damaged, PX)).toHaveLength(3 * PX * PX);
  });

  it.each([0.3, 0.6, 0.95])('refuses one of which only %f arrived', async (part) => {
    const cut = photograph.subarray(0, Math.floor(part * photograph.length));

    await expect(decodeImage(cut, PX)).rejects.toThrow();
  });

  it('decodes those in grey and in printers’ colours', async () => {
    const grey = await sharp(photograph).greyscale().jpeg({ quality: 100 }).toBuffer();
    const cmyk = await sharp(photograph).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();

    for (const jpeg of [grey, cmyk]) {
      expect(jpeg.length).toBeGreaterThan(64 * 1024);
      const whole = await decodeImage(await sharp(jpeg).toColourspace('srgb').png().toBuffer(), PX);
      expect(difference(await decodeImage(jpeg, PX), whole).mean).toBeLessThan(1.5);
    }
  });

  it('decodes one that is not much larger than asked for as it is', async () => {
    const whole = await decodeImage(await sharp(photograph).png().toBuffer(), 500);

    expect(difference(await decodeImage(photograph, 500), whole).largest).toBeLessThanOrEqual(1);
  });
});
