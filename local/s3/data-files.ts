import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { writeNewFile } from '../durable-files.ts';
import type { ByteRange } from './ranges.ts';
import type { DataFile } from './stored-object.ts';

const READ_AHEAD = 256 * 1024; // bytes; chosen: larger reads were no faster

/** Keys never become paths: any key, of any bytes and length, gets a file name of 64 hex digits. */
export const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

/** The files that hold the bytes of a bucket's objects and parts; a file is written once and never changed. */
export interface DataFiles {
  /** Streams bytes into a new file, durable when this resolves. It must then be committed or discarded. */
  write<T>(
    key: string,
    fill: (write: (chunk: Uint8Array) => Promise<void>) => Promise<T>,
  ): Promise<{ file: string; result: T }>;
  /** Reads to the end even if the files are discarded in the meantime. */
  read(files: readonly DataFile[], range: ByteRange): Readable;
  /** Deletes files as soon as no stream reads them any more. */
  discard(files: readonly DataFile[]): Promise<void>;
}

export function dataFiles(folder: string): DataFiles {
  const readers = new Map<string, number>(); // how many streams are open, by file
  const discarded = new Set<string>(); // to be removed with their last reader

  const remove = (file: string) => rm(join(folder, file), { force: true });

  async function release(file: string): Promise<void> {
    const left = (readers.get(file) ?? 1) - 1;
    if (left > 0) {
      readers.set(file, left);
      return;
    }
    readers.delete(file);
    if (discarded.delete(file)) await remove(file).catch(() => {}); // otherwise the next start deletes it
  }

  return {
    async write(key, fill) {
      const file = `${hashOf(key)}.${randomUUID()}.data`;
      return { file, result: await writeNewFile(join(folder, file), fill) };
    },

    read(files, range) {
      const pieces = cover(files, range);
      for (const { file } of pieces) readers.set(file, (readers.get(file) ?? 0) + 1);

      const stream = Readable.from(concatenate(folder, pieces), { objectMode: false });
      stream.once('close', () => {
        for (const { file } of pieces) void release(file);
      });
      return stream;
    },

    async discard(files) {
      for (const { file } of files) {
        if (readers.has(file)) discarded.add(file);
        else await remove(file);
      }
    },
  };
}

/** The parts of files that make up a range. */
function cover(
  files: readonly DataFile[],
  { start, end }: ByteRange,
): (ByteRange & { file: string })[] {
  const pieces: (ByteRange & { file: string })[] = [];
  let before = 0; // bytes in the files before this one
  for (const { file, size } of files) {
    const from = Math.max(start - before, 0);
    const to = Math.min(end - before, size - 1);
    if (from <= to) pieces.push({ file, start: from, end: to });
    before += size;
  }
  return pieces;
}

async function* concatenate(
  folder: string,
  pieces: readonly (ByteRange & { file: string })[],
): AsyncGenerator<Buffer> {
  for (const { file, start, end } of pieces) {
    const stream = createReadStream(join(folder, file), { start, end, highWaterMark: READ_AHEAD });
    yield* stream;
    const size = end - start + 1;
    if (stream.bytesRead < size)
      throw new Error(`${file} has lost bytes: it is shorter than stored`);
  }
}
