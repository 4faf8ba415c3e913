import sharp from 'sharp';
import { seededRandom } from '#training-image/data/seeded-random.ts';
import type { CalibrationDataset, CalibrationImage } from './dataset.ts';

const SIDE = 64;
const PER_CLASS = 300;
const MOST = 6;

/** Discs that do not touch, of any size and colour, on a plain background: how many are there? */
export const COUNTING: CalibrationDataset = {
  name: 'counting',
  source: 'shapes',
  about: 'one to six discs: how many?',
  load: async () => {
    const images: CalibrationImage[] = [];
    for (let count = 1; count <= MOST; count++) {
      for (let i = 0; i < PER_CLASS; i++) {
        const svg = discs(count, seededRandom('counting', count, i));
        const png = await sharp(Buffer.from(svg)).removeAlpha().png().toBuffer();
        images.push({ png, label: String(count) });
      }
    }
    return images;
  },
};

function discs(count: number, random: () => number): string {
  const placed: { x: number; y: number; radius: number }[] = [];
  while (placed.length < count) {
    const radius = 4 + 6 * random();
    const x = radius + (SIDE - 2 * radius) * random();
    const y = radius + (SIDE - 2 * radius) * random();
    const touches = placed.some(
      (other) => Math.hypot(other.x - x, other.y - y) < other.radius + radius + 2,
    );
    if (!touches) placed.push({ x, y, radius });
  }
  const hue = () => Math.floor(360 * random());
  const circles = placed.map(
    ({ x, y, radius }) =>
      `<circle cx="${x}" cy="${y}" r="${radius}" fill="hsl(${hue()},80%,35%)"/>`,
  );
  const paper = `<rect width="${SIDE}" height="${SIDE}" fill="hsl(${hue()},40%,85%)"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${SIDE}" height="${SIDE}">${paper}${circles.join('')}</svg>`;
}
