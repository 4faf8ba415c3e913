import { describe, expect, it } from 'vitest';
import { openThumbnails } from '#training-image/report/thumbnails.ts';
import { randomBytes } from '../../random.ts';

const PX = 32;
const noise = async (example: number) => Uint8Array.from(randomBytes(3 * PX * PX, example));

describe('thumbnails', () => {
  it('keep those that were asked for first, within their room', async () => {
    const one = (await openThumbnails(noise, PX).of(0)) ?? '';
    const thumbnails = openThumbnails(noise, PX, 2.5 * one.length);

    const uris = [await thumbnails.of(0), await thumbnails.of(1), await thumbnails.of(2)];

    expect(uris).toEqual([
      expect.stringMatching(/^data:image\/webp;base64,/),
      expect.stringMatching(/^data:/),
      undefined,
    ]);
    expect(thumbnails.missing()).toBe(1);
  });

  it('count an image each time that it is shown', async () => {
    const one = (await openThumbnails(noise, PX).of(0)) ?? '';
    const thumbnails = openThumbnails(noise, PX, 1.5 * one.length);

    expect([await thumbnails.of(0), await thumbnails.of(0)]).toEqual([one, undefined]);
  });

  it('are none for images that are gone', async () => {
    const thumbnails = openThumbnails(async () => undefined, PX);

    expect(await thumbnails.of(0)).toBeUndefined();
    expect(thumbnails.missing()).toBe(1);
  });
});
