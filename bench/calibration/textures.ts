import { at } from '#core/at.ts';
import { seededRandom } from '#training-image/data/seeded-random.ts';
import { type CalibrationDataset, type CalibrationImage, pngOf } from './dataset.ts';

type Random = () => number;

/** Brightness from 0 to 1 at a point; a period is about 1 long. */
type Field = (x: number, y: number) => number;

const SIDE = 48;
const PER_CLASS = 300;

/** Ten kinds of surface; each drawing has its own parameters. */
const KINDS: Record<string, (random: Random) => Field> = {
  stripes: (random) => {
    const duty = 0.3 + 0.4 * random();
    return (x) => Number(fraction(x) < duty);
  },
  waves: (random) => {
    const [height, length] = [0.2 + 0.4 * random(), 0.5 + random()];
    return (x, y) => 0.5 + 0.5 * Math.sin(TURN * (x + height * Math.sin(TURN * y * length)));
  },
  checks: () => (x, y) => (Math.floor(x) + Math.floor(y)) & 1,
  dots: (random) => {
    const radius = 0.2 + 0.2 * random();
    return (x, y) => Number(Math.hypot(fraction(x) - 0.5, fraction(y) - 0.5) < radius);
  },
  bricks: (random) => {
    const mortar = 0.08 + 0.1 * random();
    return (x, y) => {
      const shifted = x / 2 + (Math.floor(y) & 1) / 2;
      return Number(fraction(y) > mortar && fraction(shifted) > mortar / 2);
    };
  },
  rings: (random) => {
    const [cx, cy, rough] = [6 * random() - 3, 6 * random() - 3, noise(random)];
    return (x, y) => fraction(Math.hypot(x - cx, y - cy) + 0.4 * rough(x, y));
  },
  clouds: (random) => {
    const [coarse, middle, fine] = [noise(random), noise(random), noise(random)];
    return (x, y) => 0.57 * coarse(x / 2, y / 2) + 0.29 * middle(x, y) + 0.14 * fine(2 * x, 2 * y);
  },
  cells: (random) => {
    const centre = jittered(random);
    return (x, y) => {
      const [nearest = 0, second = 0] = distances(centre, x, y);
      return Math.min(1, 3 * (second - nearest)); // dark where two cells meet
    };
  },
  pebbles: (random) => {
    const centre = jittered(random);
    return (x, y) => 1 - Math.min(1, at(distances(centre, x, y), 0) * 1.3);
  },
  grain: (random) => {
    const fine = noise(random);
    return (x, y) => fine(9 * x, 9 * y);
  },
};

/** Patterns drawn by formulas: turned, scaled, moved, in two colours, with noise on top. */
export const TEXTURES: CalibrationDataset = {
  name: 'textures',
  source: 'textures',
  about: 'ten kinds of patterns drawn by formulas',
  load: async () => {
    const images: CalibrationImage[] = [];
    for (const [label, kind] of Object.entries(KINDS)) {
      for (let i = 0; i < PER_CLASS; i++) {
        const png = await paint(kind, seededRandom('textures', label, i));
        images.push({ png, label });
      }
    }
    return images;
  },
};

async function paint(kind: (random: Random) => Field, random: Random): Promise<Buffer> {
  const field = kind(random);
  const [angle, period] = [TURN * random(), 5 + 9 * random()]; // px
  const colours = [0, 1].map(() => [0, 1, 2].map(() => 255 * random()));
  const roughness = 90 * random();
  const pixels = new Uint8Array(SIDE * SIDE * 3);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const u = (Math.cos(angle) * x - Math.sin(angle) * y) / period;
      const v = (Math.sin(angle) * x + Math.cos(angle) * y) / period;
      const value = field(u, v);
      const error = roughness * (random() - 0.5);
      for (let c = 0; c < 3; c++) {
        const mixed = value * at(at(colours, 1), c) + (1 - value) * at(at(colours, 0), c);
        pixels[(y * SIDE + x) * 3 + c] = Math.max(0, Math.min(255, mixed + error));
      }
    }
  }
  return pngOf(pixels, SIDE, 3);
}

const TURN = 2 * Math.PI;

const fraction = (value: number): number => value - Math.floor(value);

/** A number from 0 to 1 for each point of the grid, the same at each call. */
function lattice(random: Random): Field {
  const seed = Math.floor(2 ** 31 * random());
  return (x, y) => {
    let mixed = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ seed;
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
    mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** Value noise: random numbers on a grid, blended smoothly. */
function noise(random: Random): Field {
  const value = lattice(random);
  const smooth = (t: number) => t * t * (3 - 2 * t);
  return (x, y) => {
    const [column, row] = [Math.floor(x), Math.floor(y)];
    const [s, t] = [smooth(x - column), smooth(y - row)];
    const above = (1 - s) * value(column, row) + s * value(column + 1, row);
    const below = (1 - s) * value(column, row + 1) + s * value(column + 1, row + 1);
    return (1 - t) * above + t * below;
  };
}

/** A point in each square of the grid. */
function jittered(random: Random): (column: number, row: number) => [number, number] {
  const [dx, dy] = [lattice(random), lattice(random)];
  return (column, row) => [column + dx(column, row), row + dy(column, row)];
}

/** The distances to the points around, the nearest first. */
function distances(
  centre: (column: number, row: number) => [number, number],
  x: number,
  y: number,
): number[] {
  const found: number[] = [];
  for (let row = Math.floor(y) - 1; row <= Math.floor(y) + 1; row++) {
    for (let column = Math.floor(x) - 1; column <= Math.floor(x) + 1; column++) {
      const [cx, cy] = centre(column, row);
      found.push(Math.hypot(x - cx, y - cy));
    }
  }
  return found.sort((a, b) => a - b);
}
