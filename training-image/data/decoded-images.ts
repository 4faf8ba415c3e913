import { createHash } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readVerified, writeAtomic } from '../storage/atomic-file.ts';
import { checkpointFolder } from '../storage/checkpoint-folder.ts';
import { openRowFile, type RowFile } from '../storage/row-file.ts';
import type { Shard } from '../storage/shards.ts';

/** The decoded images of a training; those that an interrupted run on this machine has finished are still there. */
export interface DecodedImages {
  rows: RowFile; // uint8 [px, px, 3] per example
  missing: Shard[]; // of the shards that were asked for
  /** Stores the images of a shard, [count, px, px, 3], for this run and for one that resumes it. */
  store(shard: Shard, images: Uint8Array): Promise<void>;
}

const KIND = 'images';

/**
 * @param scratch a folder on the machine's disk; it is not copied to S3, so on AWS an interruption loses it
 * @param cacheKey everything that a pixel depends on; images stored under another key are deleted
 */
export async function openDecodedImages(
  scratch: string,
  cacheKey: readonly unknown[],
  shards: readonly Shard[],
  px: number,
): Promise<DecodedImages> {
  const folder = await checkpointFolder(scratch, KIND, [...cacheKey, px]);
  const rows = await openRowFile(join(folder, 'images.u8'), px * px * 3);
  const digestFile = ({ index }: Shard) => join(folder, `${index}.sha256`);

  /** A shard counts only with its digest, which is written after it; so even a power cut leaves no half shard. */
  async function isComplete(shard: Shard): Promise<boolean> {
    const digest = await readVerified(digestFile(shard));
    if (!digest) return false;
    const images = await rows.read(shard.from, shard.count).catch(() => undefined); // the file may be too short
    return images !== undefined && sha256Of(images).equals(digest);
  }

  const missing: Shard[] = [];
  for (const shard of shards) if (!(await isComplete(shard))) missing.push(shard);

  return {
    rows,
    missing,
    async store(shard, images) {
      await rows.write(shard.from, images);
      await writeAtomic(digestFile(shard), [sha256Of(images)]);
    },
  };
}

/** Creates the folder, or deletes what an interrupted run has left in it, except for its decoded images. */
export async function prepareScratch(scratch: string): Promise<void> {
  await mkdir(scratch, { recursive: true });
  for (const name of await readdir(scratch)) {
    if (!name.startsWith(`${KIND}-`)) await rm(join(scratch, name), { recursive: true });
  }
}

const sha256Of = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
