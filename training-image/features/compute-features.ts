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
 */
export async function computeFeatures(
  teacher: Teacher,
  set: FeatureSet,
  images: RowFile,
  cache: FeatureCache,
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
      for (let i = 0; i < shard.count; i += IMAGES_AT_ONCE) {
        stop.throwIfRequested();
        report.progress('features', done, n);
        const batch = pixels.subarray(i * images.rowBytes, (i + IMAGES_AT_ONCE) * images.rowBytes);
        features.set(backbone.features(batch), i * size);
        done += batch.length / images.rowBytes;
      }
      await cache.store(shard, features);
    }
  } finally {
    backbone.dispose();
  }
  report.progress('features', n, n);
}
