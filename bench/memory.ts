import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { type Files, layOutJob } from '#examples/job-folder.ts';
import { DEFAULT_TEACHER } from '#teachers/catalogue.ts';
import { seededRandom } from '#training-image/data/seeded-random.ts';
import type { Bench } from './compare.ts';
import { lastLineOf } from './start-contender.ts';
import { teacherChannel } from './teacher-channel.ts';

export interface MemoryUse {
  px: number;
  few: Use;
  many: Use;
  mostRatio: number;
}

export interface Use {
  images: number;
  peakBytes: number; // of the trainer's process
  seconds: number;
}

const FEW = 5_000;
const MANY = 50_000;
const MAX_RATIO = 1.1;
const PX = 96; // at 224 it takes five times as long, and memory holds the same number of images
const SIDE = 32; // of the images, px
const CLASSES = 4;

/** The peak memory of a whole head-only training, and of one with ten times as many images. */
export async function measureMemory({ folder, places, say }: Bench): Promise<MemoryUse> {
  const teacher = await teacherChannel(DEFAULT_TEACHER, folder, say);
  const use = async (images: number): Promise<Use> => {
    const root = await mkdtemp(join(tmpdir(), 'understudy-bench-'));
    try {
      const files = await noisyImages(images);
      await layOutJob(root, { form: 'zip', files, recipe: { input_px: PX }, teacher });
      say(`training on ${images} images`);
      const started = performance.now();
      const said = await lastLineOf('contenders/train-student.ts', [root], places);
      const seconds = (performance.now() - started) / 1e3;
      return { images, peakBytes: JSON.parse(said).peakBytes, seconds };
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  };
  return { px: PX, few: await use(FEW), many: await use(MANY), mostRatio: MAX_RATIO };
}

/** Images of noise, each class a shade brighter than the one before. */
async function noisyImages(count: number): Promise<Files> {
  const files: Files = {};
  const raw = { width: SIDE, height: SIDE, channels: 3 } as const;
  const random = seededRandom('images', count);
  const noise = Uint8Array.from({ length: 1_000_003 }, () => 180 * random()); // drawing fresh noise for each image would take minutes
  for (let i = 0; i < count; i++) {
    const label = i % CLASSES;
    const from = Math.floor(random() * (noise.length - SIDE * SIDE * 3));
    const image = noise.subarray(from, from + SIDE * SIDE * 3).map((each) => each + 20 * label);
    files[`class-${label}/${i}.png`] = await sharp(image, { raw }).png().toBuffer();
  }
  return files;
}
