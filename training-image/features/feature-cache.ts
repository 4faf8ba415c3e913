import { join } from 'node:path';
import { readVerified, writeAtomic } from '../storage/atomic-file.ts';
import { checkpointFolder } from '../storage/checkpoint-folder.ts';
import { createRowFile, type FloatRows, floatRows } from '../storage/row-file.ts';
import { type Shard, shardsOf } from '../storage/shards.ts';

/** The features of all examples; those that an interrupted run has finished are read from the checkpoints. */
export interface FeatureCache {
  n: number; // examples
  features: FloatRows; // [n, d]; the rows of missing shards cannot be read yet
  missing: Shard[];
  /** Stores a shard's features, [count, d], for this run and for one that resumes it. */
  store(shard: Shard, features: Float32Array): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param checkpoints a folder that survives an interruption: a file per shard
 * @param scratch a folder that need not: the features of all shards in one file
 * @param cacheKey everything that a feature depends on; shards stored under another key are deleted
 * @param n number of examples
 * @param d features per example
 */
export async function openFeatureCache(
  { checkpoints, scratch }: { checkpoints: string; scratch: string },
  cacheKey: readonly unknown[],
  n: number,
  d: number,
): Promise<FeatureCache> {
  const folder = await checkpointFolder(checkpoints, 'features', cacheKey);
  const fileOf = ({ index }: Shard) => join(folder, `${index}.f32`);
  const rowBytes = d * Float32Array.BYTES_PER_ELEMENT;
  const rows = await createRowFile(join(scratch, 'features.f32'), rowBytes);
  const missing: Shard[] = [];
  for (const shard of shardsOf(n)) {
    const stored = await readVerified(fileOf(shard));
    if (stored?.length === shard.count * rowBytes) await rows.write(shard.from, stored);
    else missing.push(shard);
  }

  return {
    n,
    features: floatRows(rows),
    missing,
    async store(shard, features) {
      await rows.write(shard.from, features);
      await writeAtomic(fileOf(shard), [features]);
    },
    close: rows.close,
  };
}
