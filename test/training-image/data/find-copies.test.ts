import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { sha256 } from '#core/identity.ts';
import { digits } from '#examples/demo-data.ts';
import { decodeImage } from '#training-image/data/decode-image.ts';
import { findCopies, sketchOf } from '#training-image/data/find-copies.ts';
import { seededRandom } from '#training-image/data/seeded-random.ts';

const PX = 64;

/** A scene of a few bright areas: as smooth as a photograph of this size. */
async function photograph(seed: number): Promise<Buffer> {
  const random = seededRandom('photograph', seed);
  const raw = Buffer.from(Array.from({ length: 8 * 8 * 3 }, () => Math.floor(random() * 256)));
  return sharp(raw, { raw: { width: 8, height: 8, channels: 3 } })
    .resize(128, 128, { kernel: 'cubic' })
    .png()
    .toBuffer();
}

async function copiesOf(images: readonly Buffer[]) {
  const contents = images.map((bytes) => sha256(bytes));
  const sketches = [];
  for (const bytes of images) sketches.push(sketchOf(await decodeImage(bytes, PX), PX));
  return { contents, ...findCopies(contents, sketches) };
}

describe('findCopies', () => {
  it('finds the same pixels saved in another way', async () => {
    const png = await photograph(1);
    const images = [
      png,
      await sharp(png).png({ compressionLevel: 0 }).toBuffer(),
      await photograph(2),
    ];

    const { identities, contents } = await copiesOf(images);

    expect(identities[0]).toBe(identities[1]);
    expect(identities[0]).toBe([contents[0], contents[1]].sort()[0]);
    expect(identities[2]).toBe(contents[2]);
  });

  it.each([90, 75, 50])('finds images saved again as JPEG of quality %d', async (quality) => {
    const images: Buffer[] = [];
    for (let seed = 0; seed < 20; seed++) {
      const png = await photograph(seed);
      images.push(png, await sharp(png).jpeg({ quality }).toBuffer());
    }

    const { identities, groups, contents } = await copiesOf(images);

    expect(identities).toEqual(contents);
    for (let i = 0; i < images.length; i += 2) expect(groups[i]).toBe(groups[i + 1]);
    expect(new Set(groups).size).toBe(20);
  });

  it('takes hardly any two of 1,000 handwritten digits for copies', async () => {
    const images: Buffer[] = [];
    for await (const { png } of (await digits()).examples) {
      images.push(png);
      if (images.length === 1_000) break;
    }
    const { groups, identities, contents } = await copiesOf(images);

    expect(identities).toEqual(contents);
    expect(new Set(groups).size).toBeGreaterThan(990);
  });

  it('calls images of one colour copies only if it is the same colour', async () => {
    const plain = (value: number) =>
      sharp({
        create: { width: 32, height: 32, channels: 3, background: { r: value, g: 0, b: 0 } },
      })
        .png()
        .toBuffer();
    const { groups } = await copiesOf([await plain(10), await plain(200)]);
    expect(new Set(groups).size).toBe(2);
  });

  it('compares 20,000 images in less than 10 CPU-seconds', () => {
    const random = seededRandom('speed', 1);
    const sketches = Array.from({ length: 20_000 }, () => {
      const areas = Array.from({ length: 16 }, () => random() * 256); // 4 × 4, as smooth as photographs
      const pixels = Uint8Array.from({ length: 16 * 16 * 3 }, (_, at) => {
        const pixel = Math.floor(at / 3);
        return areas[4 * Math.floor(pixel / 64) + Math.floor((pixel % 16) / 4)] ?? 0;
      });
      return sketchOf(pixels, 16);
    });
    const contents = sketches.map((_, i) => sha256(String(i)));
    const start = process.cpuUsage();
    findCopies(contents, sketches);
    const { user, system } = process.cpuUsage(start); // µs
    expect((user + system) / 1e6).toBeLessThan(10);
  });
});
