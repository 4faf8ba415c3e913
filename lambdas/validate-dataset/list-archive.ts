import { Readable } from 'node:stream';
import { constants, createInflateRaw } from 'node:zlib';
import yauzl, { type Entry, RandomAccessReader, type ZipFile } from 'yauzl';
import type { ObjectRecord } from '#core/manifest.ts';
import { problem } from '#core/problem.ts';
import type { Objects } from '#ports';
import { archiveProblems } from './archive-problems.ts';
import { type DatasetFile, type DatasetFiles, HEAD_BYTES } from './dataset-files.ts';

const MAX_ENTRIES = 200_000; // chosen: a hundred thousand photographs fit, an archive bomb does not

/** Lists a zip in the bucket by its central directory. Range requests read that and the heads of the entries, nothing else. */
export async function listArchive(objects: Objects, archive: ObjectRecord): Promise<DatasetFiles> {
  const blocks = blocksOf(objects, archive);
  let zip: ZipFile;
  const entries: Entry[] = [];
  try {
    // yauzl refuses names that escape: `..`, absolute paths, backslashes, drive letters.
    zip = await yauzl.fromRandomAccessReaderPromise(new BlockReader(blocks), archive.size, {
      lazyEntries: true,
      decodeStrings: true,
      strictFileNames: true,
    });
    const entryCount = zip.entryCount;
    if (entryCount > MAX_ENTRIES) {
      return refuse(
        'ARCHIVE_TOO_LARGE',
        `has ${entryCount} entries; the limit is ${MAX_ENTRIES}.`,
        'Upload it as a folder instead.',
      );
    }
    for await (const entry of zip.eachEntry()) entries.push(entry);
  } catch (error) {
    if (!isAboutTheArchive(error)) throw error;
    return refuse(
      'ARCHIVE_UNREADABLE',
      `is not a readable zip: ${error.message}.`,
      'Zip the folder again, and check it with "unzip -t".',
    );
  }

  const files = entries.filter(({ fileName }) => !fileName.endsWith('/')).map(asFile);
  return { files, archive, problems: archiveProblems(entries, archive) };

  function refuse(code: string, what: string, remedy: string): DatasetFiles {
    return {
      files: [],
      archive,
      problems: [problem(code, archive.key, `The archive ${what}`, remedy)],
    };
  }

  function asFile(entry: Entry): DatasetFile {
    const { fileName, uncompressedSize, crc32 } = entry;
    return {
      path: fileName,
      size: uncompressedSize,
      record: { entry: { name: fileName, size: uncompressedSize, crc32 } },
      async head() {
        const fileDataStart = await dataStartOf(zip, entry);
        if (fileDataStart === undefined) return new Uint8Array();
        const packed = await blocks(
          fileDataStart,
          fileDataStart + Math.min(entry.compressedSize, HEAD_BYTES),
        );
        return entry.compressionMethod === 0 ? packed : inflatedHead(packed);
      },
    };
  }
}

/** The offset of an entry's data; `undefined` if it has no local header, or its data would pass the end of the archive. */
async function dataStartOf(zip: ZipFile, entry: Entry): Promise<number | undefined> {
  try {
    const header = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
    return header.fileDataStart;
  } catch (error) {
    if (isAboutTheArchive(error)) return undefined;
    throw error;
  }
}

/** Unpacks the first HEAD_BYTES of an entry and no more; returns nothing if it is not a deflate stream. */
async function inflatedHead(packed: Uint8Array): Promise<Uint8Array> {
  const inflate = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    inflate.end(packed);
    for await (const chunk of inflate as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= HEAD_BYTES) break; // destroys the stream
    }
  } catch {
    return new Uint8Array();
  }
  return Buffer.concat(chunks).subarray(0, HEAD_BYTES);
}

const BLOCK_BYTES = 128 * 1024;
const MAX_BLOCKS = 64;

/** Reads the archive by ranges, in blocks; caches the latest ones, so that small images share a request. */
function blocksOf(objects: Objects, { key, etag, size }: ObjectRecord) {
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

  return async (start: number, end: number): Promise<Uint8Array> => {
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
    return Buffer.concat(parts);
  };
}

/** The reader that yauzl requires. It marks errors of S3, to tell them from errors in the archive. */
class BlockReader extends RandomAccessReader {
  #blocks: (start: number, end: number) => Promise<Uint8Array>;

  constructor(blocks: (start: number, end: number) => Promise<Uint8Array>) {
    super();
    this.#blocks = blocks;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const blocks = this.#blocks;
    return Readable.from(
      (async function* () {
        try {
          yield await blocks(start, end);
        } catch (cause) {
          throw new ReadFailed('the archive could not be read from the bucket', { cause });
        }
      })(),
    );
  }
}

class ReadFailed extends Error {
  override name = 'ReadFailed';
}

const isAboutTheArchive = (error: unknown): error is Error =>
  error instanceof Error && !(error instanceof ReadFailed);
