import { join } from 'node:path';
import { readVerified, writeAtomic } from '../storage/atomic-file.ts';
import { checkpointFolder } from '../storage/checkpoint-folder.ts';
import type { RowFile } from '../storage/row-file.ts';
import { shardsOf } from '../storage/shards.ts';
import { type Copies, findCopies, type Sketch, sketchOf } from './find-copies.ts';

/**
 * The copies among decoded images. They are found once, and kept in the checkpoints: after an interruption, images whose
 * features are there are not decoded again.
 *
 * @param decoded uint8 [px, px, 3] per example
 * @param isComplete whether every example is there
 */
export async function knownCopies(
  contents: readonly string[],
  decoded: RowFile,
  px: number,
  isComplete: boolean,
  checkpoints: string,
  cacheKey: readonly unknown[],
): Promise<Copies> {
  const folder = await checkpointFolder(checkpoints, 'copies', [px, ...cacheKey]);
  const file = join(folder, 'copies.json');
  const kept = await readVerified(file);
  if (kept) return JSON.parse(Buffer.from(kept).toString('utf8'));
  if (!isComplete) return { identities: [...contents], groups: [...contents] };

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
}
