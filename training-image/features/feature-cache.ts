import { join } from 'node:path';
import { readWhole, writeWhole } from '../storage/atomic-file.ts';
import { keptFolder } from '../storage/checkpoint-folder.ts';
import { packedRows } from '../storage/row-file.ts';
import { type Shard, shardsOf } from '../storage/shards.ts';
import { type FeatureRows, featureRows } from './feature-rows.ts';

/** The features of all examples, of which those that an interrupted training has finished are read back. */
export interface FeatureCache {
  n: number; // examples
  features: FeatureRows; // there are none yet of the missing shards
  missing: Shard[];
  /** Keeps a shard's features, [count, d], for this training and for the one after an interruption. */
  keep(shard: Shard, features: Float32Array): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param checkpoints a folder that outlives an interruption
 * @param scratch one that need not: the features lie there, packed
 * @param madeFrom whatever a feature depends on: a shard that was made from anything else is not read, but removed
 * @param n examples
 * @param d features an example
 */
export async function openFeatureCache(
  { checkpoints, scratch }: { checkpoints: string; scratch: string },
  madeFrom: readonly string[],
  n: number,
  d: number,
): Promise<FeatureCache> {
  const folder = await keptFolder(checkpoints, 'features', madeFrom);
  const fileOf = ({ index }: Shard) => join(folder, `${index}.f32`);
  const rowBytes = d * Float32Array.BYTES_PER_ELEMENT;
  const rows = await packedRows(join(scratch, 'features.f32'), rowBytes);
  const missing: Shard[] = [];
  for (const shard of shardsOf(n)) {
    const kept = await readWhole(fileOf(shard));
    if (kept?.length === shard.count * rowBytes) await rows.write(shard.from, kept);
    else missing.push(shard);
  }

  return {
    n,
    features: featureRows(rows),
    missing,
    async keep(shard, features) {
      await rows.write(shard.from, features);
      await writeWhole(fileOf(shard), [features]);
    },
    close: rows.close,
  };
}
