import { describe, expect, it } from 'vitest';
import { seededRandom } from '#training-image/data/seeded-random.ts';
import { augment } from '#training-image/fine-tune/augment.ts';
import { randomBytes } from '../../engine/networks.ts';

const PX = 20;
const image = randomBytes(PX * PX * 3);
const nothing = { flip: false, crop: false, colour: false };

/** What 200 draws make of the image. */
const many = (how: typeof nothing) =>
  Promise.all(
    Array.from({ length: 200 }, (_, i) => augment(image, PX, how, seededRandom('draw', i))),
  );

const mirrored = Uint8Array.from(image, (_, i) => {
  const [row, column, channel] = [Math.floor(i / 3 / PX), Math.floor(i / 3) % PX, i % 3];
  return image[3 * (row * PX + PX - 1 - column) + channel] ?? 0;
});
const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

describe('augment', () => {
  it('changes nothing where nothing is asked for', async () => {
    for (const changed of await many(nothing)) expect(isSame(changed, image)).toBe(true);
  });

  it('mirrors every second image, or leaves it as it is', async () => {
    const all = await many({ ...nothing, flip: true });

    const flipped = all.filter((each) => isSame(each, mirrored)).length;
    expect(all.filter((each) => isSame(each, image))).toHaveLength(all.length - flipped);
    expect(flipped / all.length).toBeGreaterThan(0.35); // four deviations of 200 throws of a coin
    expect(flipped / all.length).toBeLessThan(0.65);
  });

  it('mirrors nothing unasked: as many changed images are nearer to the image than to its mirror image', async () => {
    const distance = (a: Uint8Array, b: Uint8Array) =>
      a.reduce((sum, each, i) => sum + Math.abs(each - (b[i] ?? 0)), 0);

    for (const changed of await many({ flip: false, crop: false, colour: true })) {
      expect(distance(changed, image)).toBeLessThan(distance(changed, mirrored));
    }
  });

  it('moves the mean colour by no more than a fifth of the contrast and a tenth of the range', async () => {
    const mean = (pixels: Uint8Array) =>
      pixels.reduce((sum, each) => sum + each, 0) / pixels.length;
    const means = (await many({ ...nothing, colour: true })).map(mean);

    const middle = mean(image);
    expect(Math.max(...means)).toBeLessThan(middle + 0.1 * 255 + 2);
    expect(Math.min(...means)).toBeGreaterThan(middle - 0.1 * 255 - 2);
    expect(Math.max(...means) - Math.min(...means)).toBeGreaterThan(30);
  });

  it('crops to windows of at least 85% of a side', async () => {
    // An image that says where it was taken: the column in red, the row in green.
    const map = Uint8Array.from(image, (_, i) => {
      const place = [Math.floor(i / 3) % PX, Math.floor(i / 3 / PX), 0][i % 3] ?? 0;
      return 10 * place;
    });
    for (let draw = 0; draw < 200; draw++) {
      const shown = await augment(map, PX, { ...nothing, crop: true }, seededRandom('crop', draw));
      const [left, right] = [shown[0] ?? 0, shown[3 * (PX - 1)] ?? 0];
      expect(right - left).toBeGreaterThanOrEqual(10 * (0.85 * PX - 1) - 5); // the edge is interpolated
      expect(shown).toHaveLength(map.length);
    }
  });

  it('is the same for the same draw', async () => {
    const how = { flip: true, crop: true, colour: true };
    const twice = [await many(how), await many(how)];

    expect(twice[0]).toEqual(twice[1]);
  });
});
