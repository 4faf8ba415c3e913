import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import type { Manifest, ManifestExample, Packing } from '#core/manifest.ts';
import { unwritableInWords } from '#core/unwritable.ts';
import { TrainingRefused } from '../job/errors.ts';
import { readAt } from '../storage/read-at.ts';
import { freeBytes } from '../storage/room.ts';

export type TarPacking = Exclude<Packing, 'zip'>;
type Entry = NonNullable<ManifestExample['entry']>;

export interface Tar {
  /** The bytes at an entry's place; fewer if the tar ends before. */
  read(entry: Entry): Promise<Buffer>;
  close(): void;
}

/**
 * Opens a tar whose entries the manifest locates. One that is compressed is unpacked once, up to the end of the last
 * example; a plain one is read in place.
 *
 * @param scratch a folder for the unpacked tar
 * @throws TrainingRefused DISK_FULL; Error if it cannot be unpacked
 */
export async function openTar(
  file: string,
  packing: TarPacking,
  { examples }: Pick<Manifest, 'examples'>,
  scratch: string,
): Promise<Tar> {
  const path = packing === 'tar' ? file : join(scratch, 'dataset.tar');
  if (packing !== 'tar') await unpack(file, path, packing, endOf(examples), scratch);
  const handle = await open(path);
  return {
    read: ({ offset = 0, size }) => readAt(handle, offset, size),
    close: () => void handle.close(),
  };
}

/** Where the last example ends. */
const endOf = (examples: Manifest['examples']): number =>
  examples.reduce((end, { entry }) => Math.max(end, (entry?.offset ?? 0) + (entry?.size ?? 0)), 0);

async function unpack(
  from: string,
  to: string,
  packing: 'tar.gz' | 'tar.zst',
  bytes: number,
  scratch: string,
): Promise<void> {
  const free = await freeBytes(scratch);
  if (free !== undefined && free < bytes) {
    const room = { folder: scratch, freeBytes: free, neededBytes: bytes };
    throw new TrainingRefused('DISK_FULL', unwritableInWords('full', room));
  }
  const upToEnd = async function* (pieces: AsyncIterable<Buffer>) {
    let left = bytes;
    for await (const piece of pieces) {
      if (left > 0) yield piece.subarray(0, left);
      left -= piece.length; // read on to the end: to leave earlier would abort the pipeline
    }
  };
  await pipeline(createReadStream(from), decompressor(packing), upToEnd, createWriteStream(to));
}

/** @throws Error on a Node without Zstandard, which is not in the types of Node 20; the validation refuses those before */
function decompressor(packing: 'tar.gz' | 'tar.zst'): Transform {
  if (packing === 'tar.gz') return zlib.createGunzip();
  const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };
  if (!createZstdDecompress) throw new Error(`Node ${process.version} has no Zstandard`);
  return createZstdDecompress();
}
