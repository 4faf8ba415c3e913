import { describe, expect, it } from 'vitest';
import { resize } from '#training-image/data/resize.mjs';
import pillow from '../../fixtures/resize/pillow.json' with { type: 'json' };
import { randomBytes } from '../../random.ts';

/** The images that `pillow.json` speaks of, with as many channels as wanted. */
function image(width: number, height: number, channels = 3): Uint8Array {
  const pixels = new Uint8Array(width * height * channels);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++, i++) {
        pixels[i] = 7 * y + 13 * x + 31 * c + ((x * y * (c + 3)) % 251);
      }
    }
  }
  return pixels;
}

describe('resize', () => {
  it.each(pillow.cases)('brings $width × $height to $px as Pillow does', (expected) => {
    const { width, height, px } = expected;

    const resized = resize(image(width, height), width, height, px);

    expect(resized).toHaveLength(3 * px * px);
    expect([...resized]).toEqual(expected.pixels);
  });

  it('leaves an image of the right size as it is', () => {
    const pixels = randomBytes(3 * 16 * 16);

    expect([...resize(pixels, 16, 16, 16)]).toEqual([...pixels]);
  });

  it('takes no notice of a fourth channel, as canvases have it', () => {
    const rgba = image(20, 30, 4);
    const rgb = rgba.filter((_, i) => i % 4 < 3);

    expect(resize(rgba, 20, 30, 16)).toEqual(resize(rgb, 20, 30, 16));
  });

  it('makes all channels of the only one', () => {
    const grey = image(20, 30, 1);
    const rgb = Uint8Array.from(
      { length: 3 * grey.length },
      (_, i) => grey[Math.floor(i / 3)] ?? 0,
    );

    expect(resize(grey, 20, 30, 16)).toEqual(resize(rgb, 20, 30, 16));
  });
});
