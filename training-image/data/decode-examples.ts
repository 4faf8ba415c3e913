import { join } from 'node:path';
import pLimit from 'p-limit';
import type { ManifestExample } from '#core/manifest.ts';
import { TrainingRefused, tellFaults } from '../job/errors.ts';
import type { Tell } from '../job/reporter.ts';
import { type PackedRows, packedRows } from '../storage/row-file.ts';
import type { Shard } from '../storage/shards.ts';
import { openDecoders } from './decoders.ts';
import type { Dataset } from './read-dataset.ts';

/**
 * Decodes every example of these shards before any of them is used, so that a broken one is told at once.
 *
 * @param scratch a folder for the decoded images; it need not outlive an interruption
 * @returns uint8 [px, px, 3] an example, packed on the disk: memory holds one shard at a time
 * @throws TrainingRefused VALIDATION_FAILED, which names the broken images
 */
export async function decodeExamples(
  dataset: Dataset,
  examples: readonly ManifestExample[],
  shards: readonly Shard[],
  px: number,
  scratch: string,
  tell: Tell,
): Promise<PackedRows> {
  const decoded = await packedRows(join(scratch, 'images.u8'), px * px * 3);

  const decoders = openDecoders();
  const limit = pLimit(decoders.atOnce);
  const broken: string[] = [];
  const of = shards.reduce((sum, { count }) => sum + count, 0);
  let done = 0;
  try {
    for (const shard of shards) {
      const inShard = examples.slice(shard.from, shard.from + shard.count);
      const images = await limit.map(inShard, async (example) => {
        tell.progress('decode', done, of);
        const image = await decoders
          .decode(await dataset.read(example), px)
          .catch((error: unknown) => {
            broken.push(`${example.path} cannot be decoded (${firstLine(error)})`);
            return new Uint8Array();
          });
        done += 1;
        return image;
      });
      if (broken.length === 0) await decoded.write(shard.from, Buffer.concat(images));
    }
  } finally {
    await decoders.close();
  }
  tell.progress('decode', of, of);
  if (broken.length === 0) return decoded;
  await decoded.close();
  throw new TrainingRefused('VALIDATION_FAILED', tellFaults(broken));
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
