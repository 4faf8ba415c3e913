import type { Readable } from 'node:stream';
import { RandomAccessReader } from 'yauzl';
import type { ObjectRecord } from '#core/manifest.ts';
import type { Objects } from '#ports';

/** Bytes `start` to `end` (exclusive) of an archive; fewer at its end. */
export type ReadBytes = (start: number, end: number) => Promise<Uint8Array>;

const BLOCK_BYTES = 128 * 1024;
const MAX_BLOCKS = 64;

/** Reads the archive by ranges, in blocks; caches the latest ones, so that small images share a request. */
export function blocksOf(
  objects: Pick<Objects, 'readRange'>,
  { key, etag, size }: ObjectRecord,
): ReadBytes {
  const cache = new Map<number, Promise<Uint8Array>>(); // the most recently used last

  function block(index: number): Promise<Uint8Array> {
    const bytes = cache.get(index) ?? fetchBlock(index);
    cache.delete(index);
    cache.set(index, bytes);
    const oldest = cache.keys().next();
    if (cache.size > MAX_BLOCKS && !oldest.done) cache.delete(oldest.value);
    return bytes;
  }

  function fetchBlock(index: number): Promise<Uint8Array> {
    const start = index * BLOCK_BYTES;
    const bytes = objects.readRange(key, start, Math.min(start + BLOCK_BYTES, size), etag);
    // A failure must not stay in the cache: the next reader tries again.
    bytes.catch(() => cache.get(index) === bytes && cache.delete(index));
    return bytes;
  }

  return async (start, end) => {
    const last = Math.min(end, size);
    const parts: Uint8Array[] = [];
    for (let at = start; at < last; ) {
      const index = Math.floor(at / BLOCK_BYTES);
      const from = at - index * BLOCK_BYTES;
      const part = (await block(index)).subarray(from, from + last - at);
      if (part.length === 0) break;
      parts.push(part);
      at += part.length;
    }
    const [first = new Uint8Array()] = parts;
    return parts.length > 1 ? Buffer.concat(parts) : first; // nearly always within one block: no copy
  };
}

/** The reader that yauzl requires. It marks errors of S3, to tell them from errors in the archive. */
export class BlockReader extends RandomAccessReader {
  #readBytes: ReadBytes;

  constructor(readBytes: ReadBytes) {
    super();
    this.#readBytes = readBytes;
  }

  /** yauzl's own makes two streams per read, and it reads twice per entry. */
  override read(
    target: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#readBytes(position, position + length).then(
      (bytes) => {
        target.set(bytes, offset);
        callback(bytes.length === length ? null : new Error('unexpected end of the archive'));
      },
      (cause) =>
        callback(new ReadFailed('the archive could not be read from the bucket', { cause })),
    );
  }

  /** For yauzl's streams of an entry, which are not used here. */
  override _readStreamForRange(): Readable {
    throw new Error('an archive is read by blocks, not by streams');
  }
}

export class ReadFailed extends Error {
  override name = 'ReadFailed';
}

export const isAboutTheArchive = (error: unknown): error is Error =>
  error instanceof Error && !(error instanceof ReadFailed);
