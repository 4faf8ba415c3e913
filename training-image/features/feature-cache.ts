import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#core/identity.ts';
import { type Shard, shardsOf } from '../shards.ts';

/** The features of all examples, of which those that an interrupted training has finished are read back. */
export interface FeatureCache {
  /** [n, d] row by row; zero in the missing shards. */
  features: Float32Array;
  missing: Shard[];
  /** Keeps a shard's features, [count, d], for this training and for the one after an interruption. */
  keep(shard: Shard, features: Float32Array): Promise<void>;
}

const DIGEST_BYTES = 32; // sha256, after the values

/**
 * @param checkpoints a folder that outlives an interruption
 * @param madeFrom whatever a feature depends on: a shard that was made from anything else is not read, but removed
 * @param n examples
 * @param d features an example
 */
export async function openFeatureCache(
  checkpoints: string,
  madeFrom: readonly string[],
  n: number,
  d: number,
): Promise<FeatureCache> {
  const name = `features-${sha256(JSON.stringify(madeFrom)).slice(0, 16)}`;
  const folder = join(checkpoints, name);
  await mkdir(folder, { recursive: true });
  for (const other of await readdir(checkpoints)) {
    const isStale = other.startsWith('features-') && other !== name;
    if (isStale) await rm(join(checkpoints, other), { recursive: true });
  }

  const fileOf = ({ index }: Shard) => join(folder, `${index}.f32`);
  const features = new Float32Array(n * d);
  const missing: Shard[] = [];
  for (const shard of shardsOf(n)) {
    const kept = await wholeFile(fileOf(shard), shard.count * d * Float32Array.BYTES_PER_ELEMENT);
    if (kept) features.set(new Float32Array(kept), shard.from * d);
    else missing.push(shard);
  }

  return {
    features,
    missing,
    async keep(shard, values) {
      features.set(values, shard.from * d);
      await writeWhole(fileOf(shard), values);
    },
  };
}

/** The values in a file that is there as it was written; `undefined` for one that is not, or not whole. */
async function wholeFile(file: string, size: number): Promise<ArrayBuffer | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes?.length !== size + DIGEST_BYTES) return undefined;
  const values = Uint8Array.prototype.slice.call(bytes, 0, size); // a copy: a Float32Array must be aligned
  return digestOf(values).equals(bytes.subarray(size)) ? values.buffer : undefined;
}

/** A file is there as a whole or not at all, also after a power cut. */
async function writeWhole(file: string, values: Float32Array): Promise<void> {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const unfinished = `${file}.tmp`;
  const handle = await open(unfinished, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.writeFile(digestOf(bytes));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, file);
}

const digestOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
