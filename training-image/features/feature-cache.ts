import { join } from 'node:path';
import { keptFolder } from '../kept-folder.ts';
import { type Shard, shardsOf } from '../shards.ts';
import { readWhole, writeWhole } from '../whole-file.ts';

/** The features of all examples, of which those that an interrupted training has finished are read back. */
export interface FeatureCache {
  /** [n, d] row by row; zero in the missing shards. */
  features: Float32Array;
  missing: Shard[];
  /** Keeps a shard's features, [count, d], for this training and for the one after an interruption. */
  keep(shard: Shard, features: Float32Array): Promise<void>;
}

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
  const folder = await keptFolder(checkpoints, 'features', madeFrom);
  const fileOf = ({ index }: Shard) => join(folder, `${index}.f32`);
  const features = new Float32Array(n * d);
  const missing: Shard[] = [];
  for (const shard of shardsOf(n)) {
    const kept = await readWhole(fileOf(shard));
    if (kept?.length === shard.count * d * Float32Array.BYTES_PER_ELEMENT)
      features.set(new Float32Array(kept.buffer), shard.from * d);
    else missing.push(shard);
  }

  return {
    features,
    missing,
    async keep(shard, values) {
      features.set(values, shard.from * d);
      await writeWhole(fileOf(shard), [values]);
    },
  };
}
