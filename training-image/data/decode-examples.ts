import pLimit from 'p-limit';
import type { BrokenFile } from '#core/broken-files.ts';
import type { ManifestExample } from '#core/manifest.ts';
import { refusedFor } from '../job/errors.ts';
import type { Reporter, StopSignal } from '../job/reporter.ts';
import type { RowFile } from '../storage/row-file.ts';
import type { Shard } from '../storage/shards.ts';
import type { DecodeResult } from './decode-image.ts';
import { openDecodedImages } from './decoded-images.ts';
import { type Decoders, openDecoders } from './decoders.ts';
import type { Dataset } from './read-dataset.ts';

export interface Decoding {
  dataset: Dataset;
  examples: readonly ManifestExample[];
  shards: readonly Shard[]; // of the examples to decode
  px: number;
  scratch: string; // a folder for the images
  cacheKey: readonly unknown[]; // everything that they depend on, besides px
}

/**
 * Decodes every example of some shards, except for those that an interrupted run has decoded. All of them are decoded before any is used, so that every broken image is
 * reported at once.
 *
 * @returns uint8 [px, px, 3] per example, on disk: memory holds one shard at a time
 * @throws TrainingRefused VALIDATION_FAILED, naming the broken images
 */
export async function decodeExamples(
  { dataset, examples, shards, px, scratch, cacheKey }: Decoding,
  report: Reporter,
  stop: StopSignal,
  decoders: Decoders = openDecoders(),
): Promise<RowFile> {
  const { rows, missing, store } = await openDecodedImages(scratch, cacheKey, shards, px);
  const limit = pLimit(decoders.concurrency);
  const broken: BrokenFile[] = [];
  const of = total(shards);
  let done = of - total(missing);

  async function decode(example: ManifestExample): Promise<DecodeResult & { path: string }> {
    stop.throwIfRequested();
    report.progress('decode', done, of);
    const result = await decoders.decode(await dataset.read(example), px);
    done += 1;
    return { path: example.path, ...result };
  }

  try {
    for (const shard of missing) {
      const inShard = examples.slice(shard.from, shard.from + shard.count);
      const images: Uint8Array[] = [];
      for (const result of await limit.map(inShard, decode)) {
        if ('pixels' in result) images.push(result.pixels);
        else broken.push({ file: result.path, what: result.problem });
      }
      if (broken.length === 0) await store(shard, Buffer.concat(images));
    }
    report.progress('decode', of, of);
    if (broken.length > 0) throw refusedFor('VALIDATION_FAILED', broken);
    return rows;
  } catch (error) {
    await rows.close();
    throw error;
  } finally {
    await decoders.close();
  }
}

const total = (shards: readonly Shard[]): number =>
  shards.reduce((sum, { count }) => sum + count, 0);
