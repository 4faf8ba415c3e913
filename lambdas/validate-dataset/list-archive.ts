import { setImmediate as nextTurn } from 'node:timers/promises';
import { constants, createInflateRaw, inflateRawSync } from 'node:zlib';
import yauzl, { type Entry } from 'yauzl';
import { entryName } from '#core/entry-name.ts';
import type { ObjectRecord } from '#core/manifest.ts';
import { type Problem, problem } from '#core/problem.ts';
import type { Objects } from '#ports';
import { BlockReader, blocksOf, isAboutTheArchive, type ReadBytes } from './archive-blocks.ts';
import { nameProblems, nameWarnings } from './archive-names.ts';
import { foreignProblem, packingOf } from './archive-packing.ts';
import {
  type ArchiveEntry,
  archiveProblems,
  LOCAL_HEADER_BYTES,
  MAX_ENTRIES,
  MAX_NAMES,
  namesTooLong,
  tooManyEntries,
} from './archive-problems.ts';
import { type DatasetFile, type DatasetFiles, HEAD_BYTES } from './dataset-files.ts';
import { listTar } from './list-tar.ts';

const ENTRIES_PER_TURN = 500; // other requests are answered in between

/** Lists an archive in the bucket; which kind it is, its first bytes say. */
export async function listArchive(
  objects: Pick<Objects, 'readRange'>,
  archive: ObjectRecord,
): Promise<DatasetFiles> {
  const readBytes = blocksOf(objects, archive);
  const packing = await packingOf(archive, readBytes);
  switch (packing) {
    case 'zip':
      return listZip(archive, readBytes);
    case 'tar':
    case 'tar.gz':
    case 'tar.zst':
      return listTar(objects, archive, packing);
    default:
      return { files: [], archive, problems: [foreignProblem(packing, archive)] };
  }
}

/** Lists a zip by its central directory. Range requests read that and the heads of the entries, nothing else. */
async function listZip(archive: ObjectRecord, readBytes: ReadBytes): Promise<DatasetFiles> {
  const entries: ArchiveEntry[] = [];
  try {
    // yauzl refuses names that escape: `..`, absolute paths, drive letters; also behind backslashes, as Windows writes them.
    const zip = await yauzl.fromRandomAccessReaderPromise(
      new BlockReader(readBytes),
      archive.size,
      { lazyEntries: true, decodeStrings: true, strictFileNames: false },
    );
    if (zip.entryCount > MAX_ENTRIES) {
      return refuse(tooManyEntries(String(zip.entryCount), archive));
    }
    let names = 0;
    for await (const entry of zip.eachEntry()) {
      names += entry.fileName.length;
      if (names > MAX_NAMES) return refuse(namesTooLong(archive));
      if (entries.push(factsOf(entry)) % ENTRIES_PER_TURN === 0) await nextTurn();
    }
  } catch (error) {
    if (!isAboutTheArchive(error)) throw error;
    const what = `The archive is not a readable zip: ${error.message}.`;
    const remedy = 'Zip the folder again, and check it with "unzip -t".';
    return refuse(problem('ARCHIVE_UNREADABLE', archive.key, what, remedy));
  }

  await nextTurn();
  const files = entries
    .filter(({ path }) => !path.endsWith('/'))
    .map((entry) => asFile(entry, readBytes, archive.size));
  const problems = [...nameProblems(entries, archive), ...archiveProblems(entries, archive)];
  const folders = entries.map(({ path }) => path).filter((path) => path.endsWith('/'));
  return { files, folders, archive, problems, warnings: nameWarnings(entries, archive) };

  function refuse(refusal: Problem): DatasetFiles {
    return { files: [], archive, problems: [refusal] };
  }
}

/** What is needed of an entry: yauzl's own objects take several times the memory. */
const factsOf = (entry: Entry): ArchiveEntry => ({
  ...entryName(entry),
  start: entry.relativeOffsetOfLocalHeader,
  packed: entry.compressedSize,
  size: entry.uncompressedSize,
  crc32: entry.crc32,
  method: entry.compressionMethod,
  isEncrypted: entry.isEncrypted(),
  attributes: entry.externalFileAttributes,
});

function asFile(entry: ArchiveEntry, readBytes: ReadBytes, archiveSize: number): DatasetFile {
  const { path, size, crc32, packed, method } = entry;
  return {
    path,
    size,
    record: { entry: { name: path, size, crc32 } },
    async head(bytes = HEAD_BYTES) {
      const start = await dataStartOf(entry, readBytes, archiveSize);
      if (start === undefined) return new Uint8Array();
      const head = await readBytes(start, start + Math.min(packed, bytes));
      return method === 0 ? head : inflatedHead(head, bytes);
    },
    async tail(bytes) {
      const start = method === 0 ? await dataStartOf(entry, readBytes, archiveSize) : undefined;
      if (start === undefined) return undefined;
      return readBytes(start + Math.max(0, packed - bytes), start + packed);
    },
  };
}

const LOCAL_HEADER = 0x04034b50;

/**
 * The offset of an entry's data, by its local header (PKWARE APPNOTE 4.3.7); `undefined` if it has none, or its data
 * would pass the end of the archive.
 */
async function dataStartOf(
  { start, packed }: ArchiveEntry,
  readBytes: ReadBytes,
  archiveSize: number,
): Promise<number | undefined> {
  const bytes = await readBytes(start, start + LOCAL_HEADER_BYTES);
  if (bytes.length < LOCAL_HEADER_BYTES) return undefined;
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (header.readUInt32LE(0) !== LOCAL_HEADER) return undefined;
  const dataStart = start + LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  return dataStart + packed <= archiveSize ? dataStart : undefined;
}

/** Unpacks the first bytes of an entry and no more; returns nothing if it is not a deflate stream. */
async function inflatedHead(packed: Uint8Array, bytes: number): Promise<Uint8Array> {
  try {
    // Several times cheaper than a stream, but it gives nothing if there is more to unpack.
    return inflateRawSync(packed, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: bytes });
  } catch (error) {
    const isLonger = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    return isLonger ? inflatedByStream(packed, bytes) : new Uint8Array();
  }
}

async function inflatedByStream(packed: Uint8Array, bytes: number): Promise<Uint8Array> {
  const inflate = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    inflate.end(packed);
    for await (const chunk of inflate as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= bytes) break; // destroys the stream
    }
  } catch {
    return new Uint8Array();
  }
  return Buffer.concat(chunks).subarray(0, bytes);
}
