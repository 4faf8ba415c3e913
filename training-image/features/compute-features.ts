import type { Tell } from '../job/reporter.ts';
import type { PackedRows } from '../storage/row-file.ts';
import type { FeatureCache } from './feature-cache.ts';
import type { Teacher } from './load-teacher.ts';
import { openTrunk, PICTURES_AT_ONCE } from './open-backbone.ts';

/** Runs the pictures whose features are still missing through the frozen trunk, once. */
export async function computeFeatures(
  teacher: Teacher,
  pictures: PackedRows,
  cache: FeatureCache,
  tell: Tell,
): Promise<void> {
  const { input, features: output } = teacher.entry;
  const picture = input.px * input.px * input.channels; // bytes
  const { n } = cache;
  let done = n - cache.missing.reduce((sum, { count }) => sum + count, 0);

  const trunk = openTrunk(teacher);
  try {
    for (const shard of cache.missing) {
      const pixels = await pictures.read(shard.from, shard.count); // uint8 [count, px, px, 3]
      const features = new Float32Array(shard.count * output.size); // [count, d]
      for (let i = 0; i < shard.count; i += PICTURES_AT_ONCE) {
        tell.progress('features', done, n);
        const batch = pixels.subarray(i * picture, (i + PICTURES_AT_ONCE) * picture);
        features.set(trunk.features(batch), i * output.size);
        done += batch.length / picture;
      }
      await cache.keep(shard, features);
    }
  } finally {
    trunk.dispose();
  }
  tell.progress('features', n, n);
}
