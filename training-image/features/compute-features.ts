import type { Reporter, StopSignal } from '../job/reporter.ts';
import type { RowFile } from '../storage/row-file.ts';
import type { FeatureCache } from './feature-cache.ts';
import { type FeatureSet, layersOf } from './feature-sets.ts';
import type { Teacher } from './load-teacher.ts';
import { IMAGES_AT_ONCE, openBackbone } from './open-backbone.ts';

/**
 * Runs the images whose features are missing from the cache through the frozen backbone, once.
 *
 * @param images uint8 [px, px, 3] per example; only those of the missing shards are read
 * @param known the features of some examples that have been computed already, [d] each
 */
export async function computeFeatures(
  teacher: Teacher,
  set: FeatureSet,
  images: RowFile,
  cache: FeatureCache,
  known: ReadonlyMap<number, Float32Array>,
  report: Reporter,
  stop: StopSignal,
): Promise<void> {
  const { n } = cache;
  const { d: size } = cache.features;
  let done = n - cache.missing.reduce((sum, { count }) => sum + count, 0);

  const backbone = await openBackbone(teacher, layersOf(set));
  try {
    for (const shard of cache.missing) {
      const pixels = await images.read(shard.from, shard.count); // uint8 [count, px, px, 3]
      const features = new Float32Array(shard.count * size); // [count, d]
      const missing: number[] = []; // positions in the shard
      for (let i = 0; i < shard.count; i++) {
        const row = known.get(shard.from + i);
        if (row) features.set(row, i * size);
        else missing.push(i);
      }
      done += shard.count - missing.length;
      for (let from = 0; from < missing.length; from += IMAGES_AT_ONCE) {
        stop.throwIfRequested();
        report.progress('features', done, n);
        const batch = missing.slice(from, from + IMAGES_AT_ONCE);
        const input = new Uint8Array(batch.length * images.rowBytes);
        for (const [to, i] of batch.entries()) {
          const image = pixels.subarray(i * images.rowBytes, (i + 1) * images.rowBytes);
          input.set(image, to * images.rowBytes);
        }
        const rows = backbone.features(input);
        for (const [to, i] of batch.entries()) {
          features.set(rows.subarray(to * size, (to + 1) * size), i * size);
        }
        done += batch.length;
      }
      await cache.store(shard, features);
    }
  } finally {
    backbone.dispose();
  }
  report.progress('features', n, n);
}
