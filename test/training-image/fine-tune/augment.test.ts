import { describe, expect, it } from 'vitest';
import { seededRandom } from '#training-image/data/seeded-random.ts';
import { augment } from '#training-image/fine-tune/augment.ts';
import { randomBytes } from '../../random.ts';

const PX = 20;
const image = randomBytes(PX * PX * 3);
const nothing = { flip: false, crop: false, colour: false };

/** What 200 draws make of the image. */
const many = (how: typeof nothing) =>
  Array.from({ length: 200 }, (_, i) => augment(image, PX, how, seededRandom('draw', i)));

const mirrored = Uint8Array.from(image, (_, i) => {
  const [row, column, channel] = [Math.floor(i / 3 / PX), Math.floor(i / 3) % PX, i % 3];
  return image[3 * (row * PX + PX - 1 - column) + channel] ?? 0;
});
const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

describe('augment', () => {
  it('changes nothing where nothing is asked for', () => {
    for (const changed of many(nothing)) expect(isSame(changed, image)).toBe(true);
  });

  it('mirrors every second image, or leaves it as it is', () => {
    const all = many({ ...nothing, flip: true });

    const flipped = all.filter((each) => isSame(each, mirrored)).length;
    expect(all.filter((each) => isSame(each, image))).toHaveLength(all.length - flipped);
    expect(flipped / all.length).toBeGreaterThan(0.35); // four deviations of 200 throws of a coin
    expect(flipped / all.length).toBeLessThan(0.65);
  });

  it('mirrors nothing unasked: as many changed images are nearer to the image than to its mirror image', () => {
    const distance = (a: Uint8Array, b: Uint8Array) =>
      a.reduce((sum, each, i) => sum + Math.abs(each - (b[i] ?? 0)), 0);

    for (const changed of many({ flip: false, crop: false, colour: true })) {
      expect(distance(changed, image)).toBeLessThan(distance(changed, mirrored));
    }
  });

  it('moves the mean colour by no more than a fifth of the contrast and a tenth of the range', () => {
    const mean = (pixels: Uint8Array) =>
      pixels.reduce((sum, each) => sum + each, 0) / pixels.length;
    const means = many({ ...nothing, colour: true }).map(mean);

    const middle = mean(image);
    expect(Math.max(...means)).toBeLessThan(middle + 0.1 * 255 + 2);
    expect(Math.min(...means)).toBeGreaterThan(middle - 0.1 * 255 - 2);
    expect(Math.max(...means) - Math.min(...means)).toBeGreaterThan(30);
  });

  it('shifts by up to a twelfth of a side, and reflects the image at its edges', () => {
    // An image that says where each pixel comes from: the column in red, the row in green.
    const px = 24;
    const map = Uint8Array.from({ length: px * px * 3 }, (_, i) => {
      const pixel = Math.floor(i / 3);
      return [pixel % px, Math.floor(pixel / px), 0][i % 3] ?? 0;
    });
    const seen = new Set<string>();
    for (let draw = 0; draw < 200; draw++) {
      const shown = augment(map, px, { ...nothing, crop: true }, seededRandom('crop', draw));
      const columns = Array.from({ length: px }, (_, x) => shown[3 * x] ?? 0);
      const rows = Array.from({ length: px }, (_, y) => shown[3 * px * y + 1] ?? 0);
      seen.add(`${columns[2]} ${rows[2]}`);
      for (const line of [columns, rows]) {
        const by = (line[2] ?? 0) - 2;
        const reflected = line.map((_, i) => Math.abs(i + by)).map((i) => (i < px ? i : 46 - i));
        expect(line).toEqual(reflected);
      }
    }
    const places = [0, 1, 2, 3, 4]; // where the third pixel may come from
    expect(seen).toEqual(new Set(places.flatMap((x) => places.map((y) => `${x} ${y}`))));
  });

  it('is the same for the same draw', () => {
    const how = { flip: true, crop: true, colour: true };
    const twice = [many(how), many(how)];

    expect(twice[0]).toEqual(twice[1]);
  });
});
