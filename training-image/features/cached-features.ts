import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { sha256 } from '#core/identity.ts';
import type { ManifestExample } from '#core/manifest.ts';
import { decodePicture, RESIZE } from '../data/decode-picture.ts';
import type { Dataset } from '../data/read-dataset.ts';
import { TrainingRefused } from '../stop-training.ts';
import type { Teacher } from '../teacher/load-teacher.ts';
import type { Tell } from '../tell.ts';
import { openTrunk, PICTURES_AT_ONCE } from './open-trunk.ts';

export interface FeatureWork {
  teacher: Teacher;
  dataset: Dataset;
  examples: readonly ManifestExample[];
  readSha256: string; // of all examples' bytes
  checkpoints: string; // folder for finished shards of features; outlives an interruption
  scratch: string; // folder for decoded pictures; does not
  tell: Tell;
}

/** Chosen: 38 MB of decoded pictures at 224 px, and an interruption costs at most that much work again. */
const SHARD = 256;

/**
 * The trunk's features of every example, computed once: what an interrupted training has finished is read back.
 * Everything is decoded before the first picture goes through the trunk, so that a broken one is told at once.
 *
 * @returns [n, d] row by row
 * @throws TrainingRefused VALIDATION_FAILED, which names the broken pictures
 */
export async function cachedFeatures(work: FeatureWork): Promise<Float32Array> {
  const { teacher, examples, readSha256, checkpoints, scratch, tell } = work;
  const width = teacher.entry.features.size;
  // Whatever a feature depends on is in the folder's name: a stale shard is never read.
  const key = sha256(`features 2|${teacher.digest}|${readSha256}|${RESIZE}`).slice(0, 16);
  const folder = join(checkpoints, `features-${key}`);
  await mkdir(folder, { recursive: true });
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });

  const shards = Array.from({ length: Math.ceil(examples.length / SHARD) }, (_, index) => {
    const from = index * SHARD;
    const count = Math.min(SHARD, examples.length - from);
    return {
      file: join(folder, `${index}.f32`),
      pixels: join(scratch, `${index}.u8`),
      from,
      count,
    };
  });
  const missing: typeof shards = [];
  for (const shard of shards) {
    const { size } = await stat(shard.file).catch(() => ({ size: -1 }));
    if (size !== shard.count * width * 4) missing.push(shard);
  }

  await decodeAll(work, missing);
  const trunk = openTrunk(teacher);
  let done = examples.length - missing.reduce((sum, { count }) => sum + count, 0);
  for (const { file, pixels, count } of missing) {
    const picture = teacher.entry.input.px ** 2 * teacher.entry.input.channels; // bytes
    const decoded = await readFile(pixels);
    const features = new Float32Array(count * width); // [count, d]
    for (let i = 0; i < count; i += PICTURES_AT_ONCE) {
      tell.progress('features', done, examples.length);
      const batch = decoded.subarray(i * picture, (i + PICTURES_AT_ONCE) * picture);
      features.set(trunk.features(batch), i * width);
      done += batch.length / picture;
      await new Promise(setImmediate); // lets messages in
    }
    await writeWhole(file, features);
    await rm(pixels);
  }
  trunk.dispose();
  tell.progress('features', examples.length, examples.length);

  const all = new Float32Array(examples.length * width);
  for (const { file, from } of shards) {
    const bytes = await readFile(file);
    all.set(new Float32Array(Uint8Array.from(bytes).buffer), from * width);
  }
  await rm(scratch, { recursive: true, force: true });
  return all;
}

/** A shard is there as a whole or not at all, also after a power cut. */
async function writeWhole(file: string, values: Float32Array): Promise<void> {
  const unfinished = `${file}.tmp`;
  const handle = await open(unfinished, 'w');
  try {
    await handle.writeFile(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, file);
}

const DECODED_AT_ONCE = 8; // sharp's own threads are as many as the cores
const BROKEN_NAMED = 10;

/** Packs the pictures of each shard into one file of uint8 [count, px, px, 3]; memory holds one shard at a time. */
async function decodeAll(
  { teacher, dataset, examples, tell }: FeatureWork,
  shards: readonly { pixels: string; from: number; count: number }[],
): Promise<void> {
  const limit = pLimit(DECODED_AT_ONCE);
  const broken: string[] = [];
  const of = shards.reduce((sum, { count }) => sum + count, 0);
  let done = 0;
  for (const { pixels, from, count } of shards) {
    const pictures = await limit.map(examples.slice(from, from + count), async (example) => {
      const bytes = await dataset.read(example);
      tell.progress('decode', ++done, of);
      return decodePicture(bytes, teacher.entry.input.px).catch((error: unknown) => {
        broken.push(`${example.path} (${firstLine(error)})`);
        return Buffer.alloc(0);
      });
    });
    if (broken.length === 0) await writeFile(pixels, Buffer.concat(pictures));
  }
  if (broken.length === 0) return;
  const named = broken.slice(0, BROKEN_NAMED).join('; ');
  const more = broken.length > BROKEN_NAMED ? `; and ${broken.length - BROKEN_NAMED} more` : '';
  const many = broken.length === 1 ? '1 picture cannot' : `${broken.length} pictures cannot`;
  throw new TrainingRefused('VALIDATION_FAILED', `${many} be decoded: ${named}${more}.`);
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
