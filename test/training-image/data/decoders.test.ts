import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '#training-image/data/decode-image.ts';
import { openDecoders } from '#training-image/data/decoders.ts';

const plain = (background: string) =>
  sharp({ create: { width: 40, height: 30, channels: 3, background } });

describe('openDecoders', () => {
  it('decodes many images as a single thread does, from the first on', async () => {
    const colours = ['red', 'green', 'blue', 'white'];
    const images = await Promise.all(colours.map((colour) => plain(colour).png().toBuffer()));
    const expected = await Promise.all(images.map((bytes) => decodeImage(bytes, 16)));

    for (let round = 0; round < 3; round++) {
      const decoders = openDecoders(); // each thread begins while others decode already
      const many = Array.from({ length: 40 }, (_, i) => i % colours.length);
      const decoded = await Promise.all(
        many.map((i) => decoders.decode(new Uint8Array(images[i] ?? []), 16)),
      );
      await decoders.close();

      for (const [i, result] of decoded.entries()) {
        if (!('pixels' in result)) return expect.unreachable(result.problem);
        expect(Buffer.from(result.pixels).equals(expected[many[i] ?? 0] ?? Buffer.of())).toBe(true);
      }
    }
  }, 60_000);

  it('reads only the formats that the validator accepts', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>';
    const bitmap = 'BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0';
    const decoders = openDecoders();

    for (const bytes of [Buffer.from(svg), Buffer.from(bitmap)]) {
      expect(await decoders.decode(new Uint8Array(bytes), 16)).toEqual({
        problem: expect.stringMatching(/cannot be read here/),
      });
    }
    await decoders.close();
  }, 60_000);
});
