import type { Tell } from '../job/reporter.ts';
import type { PackedRows } from '../storage/row-file.ts';
import type { FeatureCache } from './feature-cache.ts';
import type { Teacher } from './load-teacher.ts';
import { IMAGES_AT_ONCE, openBackbone } from './open-backbone.ts';

/** Runs the images whose features are still missing through the frozen backbone, once. */
export async function computeFeatures(
  teacher: Teacher,
  images: PackedRows,
  cache: FeatureCache,
  tell: Tell,
): Promise<void> {
  const { input, features: output } = teacher.entry;
  const image = input.px * input.px * input.channels; // bytes
  const { n } = cache;
  let done = n - cache.missing.reduce((sum, { count }) => sum + count, 0);

  const backbone = openBackbone(teacher);
  try {
    for (const shard of cache.missing) {
      const pixels = await images.read(shard.from, shard.count); // uint8 [count, px, px, 3]
      const features = new Float32Array(shard.count * output.size); // [count, d]
      for (let i = 0; i < shard.count; i += IMAGES_AT_ONCE) {
        tell.progress('features', done, n);
        const batch = pixels.subarray(i * image, (i + IMAGES_AT_ONCE) * image);
        features.set(backbone.features(batch), i * output.size);
        done += batch.length / image;
      }
      await cache.keep(shard, features);
    }
  } finally {
    backbone.dispose();
  }
  tell.progress('features', n, n);
}
