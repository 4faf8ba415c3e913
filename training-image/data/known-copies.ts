import { join } from 'node:path';
import { readVerified, writeAtomic } from '../storage/atomic-file.ts';
import { checkpointFolder } from '../storage/checkpoint-folder.ts';
import type { RowFile } from '../storage/row-file.ts';
import { shardsOf } from '../storage/shards.ts';
import { type Copies, findCopies, type Sketch, sketchOf } from './find-copies.ts';

/** What is known of the copies among the images of a job. */
export interface KnownCopies {
  /** Those that an interrupted run has found; without them, all images have to be decoded. */
  kept: Copies | undefined;
  /**
   * Finds and keeps them.
   *
   * @param decoded uint8 [px, px, 3] of every example
   */
  find(contents: readonly string[], decoded: RowFile, px: number): Promise<Copies>;
}

/** @param cacheKey everything that the pixels depend on */
export async function knownCopies(
  checkpoints: string,
  cacheKey: readonly unknown[],
): Promise<KnownCopies> {
  const file = join(await checkpointFolder(checkpoints, 'copies', cacheKey), 'copies.json');
  const kept = await readVerified(file);
  return {
    kept: kept && JSON.parse(Buffer.from(kept).toString('utf8')),
    async find(contents, decoded, px) {
      const sketches: Sketch[] = [];
      for (const { from, count } of shardsOf(contents.length)) {
        const rows = await decoded.read(from, count);
        for (let i = 0; i < count; i++) {
          const pixels = rows.subarray(i * decoded.rowBytes, (i + 1) * decoded.rowBytes);
          sketches.push(sketchOf(pixels, px));
        }
      }
      const copies = findCopies(contents, sketches);
      await writeAtomic(file, [Buffer.from(JSON.stringify(copies))]);
      return copies;
    },
  };
}
