import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { ManifestExample } from '#core/manifest.ts';
import type { Shard } from '../shards.ts';
import { TrainingRefused, tellFaults } from '../stop-training.ts';
import type { Tell } from '../tell.ts';
import { openDecoders } from './decoders.ts';
import type { Dataset } from './read-dataset.ts';

/** Pictures at the teacher's size, packed on the disk: memory holds one shard at a time. */
export interface DecodedPictures {
  /** Reads a shard and removes its file. @returns uint8 [count, px, px, 3] */
  take(shard: Shard): Promise<Uint8Array>;
}

/**
 * Decodes every example of these shards before any of them is used, so that a broken one is told at once.
 *
 * @param scratch a folder for the decoded pictures; it need not outlive an interruption
 * @throws TrainingRefused VALIDATION_FAILED, which names the broken pictures
 */
export async function decodeExamples(
  dataset: Dataset,
  examples: readonly ManifestExample[],
  shards: readonly Shard[],
  px: number,
  scratch: string,
  tell: Tell,
): Promise<DecodedPictures> {
  await rm(scratch, { recursive: true, force: true }); // an interrupted training's
  await mkdir(scratch, { recursive: true });
  const fileOf = ({ index }: Shard) => join(scratch, `${index}.u8`);

  const decoders = openDecoders();
  const limit = pLimit(decoders.atOnce);
  const broken: string[] = [];
  const of = shards.reduce((sum, { count }) => sum + count, 0);
  let done = 0;
  try {
    for (const shard of shards) {
      const inShard = examples.slice(shard.from, shard.from + shard.count);
      const pictures = await limit.map(inShard, async (example) => {
        tell.progress('decode', done, of);
        const picture = await decoders
          .decode(await dataset.read(example), px)
          .catch((error: unknown) => {
            broken.push(`${example.path} cannot be decoded (${firstLine(error)})`);
            return new Uint8Array();
          });
        done += 1;
        return picture;
      });
      if (broken.length === 0) await writeFile(fileOf(shard), Buffer.concat(pictures));
    }
  } finally {
    await decoders.close();
  }
  tell.progress('decode', of, of);
  if (broken.length > 0) throw new TrainingRefused('VALIDATION_FAILED', tellFaults(broken));

  return {
    async take(shard) {
      const pixels = await readFile(fileOf(shard));
      await rm(fileOf(shard));
      return pixels;
    },
  };
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
