import { pipeline, Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as zlib from 'node:zlib';
import type { ObjectRecord, Packing } from '#core/manifest.ts';
import type { Objects } from '#ports';
import { ReadFailed } from './archive-blocks.ts';

const RANGE_BYTES = 8 * 1024 ** 2; // of one request; two of them are in memory at a time
const UNPACKED_BYTES = 256 * 1024; // of one piece

/**
 * An archive from its beginning to its end, by ranges. The next range is on its way while one is being looked at.
 *
 * @throws ReadFailed if the bucket does not give it
 */
export async function* rangesOf(
  objects: Pick<Objects, 'readRange'>,
  { key, etag, size }: ObjectRecord,
): AsyncGenerator<Uint8Array> {
  const fetchFrom = (start: number) => {
    const range = objects.readRange(key, start, Math.min(start + RANGE_BYTES, size), etag);
    range.catch(() => undefined); // reported when it is waited for, if it still is
    return range;
  };
  let next = size > 0 ? fetchFrom(0) : undefined;
  for (let at = 0; next !== undefined; at += RANGE_BYTES) {
    const range: Uint8Array = await next.catch((cause: unknown) => {
      throw new ReadFailed('the archive could not be read from the bucket', { cause });
    });
    next = at + RANGE_BYTES < size ? fetchFrom(at + RANGE_BYTES) : undefined;
    await nextTurn(); // others wait for this process
    yield range;
  }
}

/** Whether this version of Node unpacks Zstandard: 22.15 and later do. */
export const hasZstd = (): boolean => 'createZstdDecompress' in zlib;

/** The bytes of a tar, unpacked. Whoever stops reading stops the requests too. */
export function unpacked(
  packed: AsyncIterable<Uint8Array>,
  packing: Exclude<Packing, 'zip'>,
): AsyncIterable<Uint8Array> {
  const stream = packing === 'tar' ? undefined : decompressor(packing);
  if (!stream) return packed;
  // Its errors reach the reader, as those of the stream.
  pipeline(Readable.from(packed), stream, () => undefined);
  return stream;
}

/** The types are those of Node 20, which has no Zstandard. */
function decompressor(packing: 'tar.gz' | 'tar.zst'): zlib.Gunzip | undefined {
  const options = { chunkSize: UNPACKED_BYTES };
  if (packing === 'tar.gz') return zlib.createGunzip(options);
  const { createZstdDecompress } = zlib as typeof zlib & {
    createZstdDecompress?: (options: zlib.ZlibOptions) => zlib.Gunzip;
  };
  return createZstdDecompress?.(options);
}
