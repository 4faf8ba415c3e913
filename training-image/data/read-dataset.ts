import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { Crc64Nvme } from '@aws-sdk/crc64-nvme';
import yauzl, { Entry, type ZipFile } from 'yauzl';
import { summariseBroken } from '#core/broken-files.ts';
import { entryName } from '#core/entry-name.ts';
import type { Manifest, ManifestExample, ObjectRecord } from '#core/manifest.ts';
import type { FailureCode } from '#core/training-contract.ts';
import { unwritable } from '#core/unwritable.ts';
import { TrainingRefused } from '../job/errors.ts';
import { openTar, type Tar } from './open-tar.ts';

/** The examples' bytes, verified to be those that were validated. */
export interface Dataset {
  /** @throws FileRefused */
  read(example: ManifestExample): Promise<Buffer>;
  close(): void;
}

/** A file differs from what was validated, or cannot be unpacked. */
export class FileRefused extends TrainingRefused {
  override name = 'FileRefused';
  constructor(code: FailureCode, file: string, what: string, options: ErrorOptions = {}) {
    const files = [{ file, what }];
    super(code, summariseBroken(files), { ...options, files });
  }
}

/**
 * Opens a dataset as SageMaker lays it out: the bucket's keys below the channel's folder.
 *
 * @param scratch a folder for what must be unpacked first
 * @throws FileRefused if the archive is not the one in the manifest; TrainingRefused if there is no room to unpack it
 */
export async function openDataset(
  folder: string,
  manifest: Manifest,
  scratch: string,
): Promise<Dataset> {
  const { archive } = manifest.header;
  if (archive) return openArchive(join(folder, archive.key), archive, manifest, scratch);
  return {
    async read({ path, object }) {
      if (!object) throw new Error(`the manifest has no object for ${path}`);
      const bytes = await readFile(join(folder, object.key)).catch((cause: unknown) => {
        throw new FileRefused('DATA_CHANGED', path, 'is missing', { cause });
      });
      await verifyObject(path, object, [bytes]);
      return bytes;
    },
    close: () => undefined,
  };
}

/** Gives the bytes of entries of an archive; it throws FileRefused, or an Error if one cannot be unpacked. */
interface Entries {
  read(path: string, entry: NonNullable<ManifestExample['entry']>): Promise<Buffer>;
  close(): void;
}

async function openArchive(
  file: string,
  record: ObjectRecord,
  manifest: Manifest,
  scratch: string,
): Promise<Dataset> {
  await verifyObject(record.key, record, createReadStream(file));
  const { packing = 'zip' } = manifest.header;
  // If a checksum proves the archive as a whole, faults inside it were there when it was uploaded.
  const isProven = record.etagIsMd5 || record.crc64nvme !== undefined;
  const code = isProven ? 'VALIDATION_FAILED' : 'DATA_CHANGED';
  const unpackable = (path: string) => (cause: Error) => {
    if (cause instanceof TrainingRefused || unwritable(cause)) throw cause;
    throw new FileRefused(code, path, `cannot be unpacked (${cause.message})`, { cause });
  };
  const entries =
    packing === 'zip'
      ? await zipEntries(file)
      : await openTar(file, packing, manifest, scratch).then(tarEntries, unpackable(record.key));
  return {
    async read({ path, entry }) {
      if (!entry) throw new FileRefused('DATA_CHANGED', path, 'is not in the archive');
      const bytes = await entries.read(path, entry).catch(unpackable(path));
      // The validator took it from the directory of a zip, or computed it of a tar.
      if (crc32(bytes) !== entry.crc32)
        throw new FileRefused(code, path, 'does not match its checksum in the archive');
      return bytes;
    },
    close: entries.close,
  };
}

const tarEntries = (tar: Tar): Entries => ({
  async read(path, entry) {
    const bytes = await tar.read(entry);
    if (bytes.length !== entry.size)
      throw new FileRefused('DATA_CHANGED', path, 'has a different size');
    return bytes;
  },
  close: tar.close,
});

async function zipEntries(file: string): Promise<Entries> {
  const { zip, entries } = await listEntries(file);
  return {
    async read(path, { name, size }) {
      const found = entries.get(name);
      if (!found) throw new FileRefused('DATA_CHANGED', path, 'is not in the archive');
      if (found.uncompressedSize !== size)
        throw new FileRefused('DATA_CHANGED', path, 'has a different size');
      return bytesOf(zip, found); // yauzl does not check the CRC-32
    },
    close: () => zip.close(),
  };
}

/** The fields that yauzl needs to read an entry; a complete one takes nearly 1 kB of memory (47 MB for 50,000). */
type EntryLocation = Pick<
  Entry,
  | 'relativeOffsetOfLocalHeader'
  | 'compressedSize'
  | 'uncompressedSize'
  | 'compressionMethod'
  | 'generalPurposeBitFlag'
>;

async function listEntries(
  file: string,
): Promise<{ zip: ZipFile; entries: Map<string, EntryLocation> }> {
  const zip = await yauzl.openPromise(file, { lazyEntries: true, autoClose: false });
  const entries = new Map<string, EntryLocation>();
  for await (const entry of zip.eachEntry()) {
    entries.set(entryName(entry).path, {
      relativeOffsetOfLocalHeader: entry.relativeOffsetOfLocalHeader,
      compressedSize: entry.compressedSize,
      uncompressedSize: entry.uncompressedSize,
      compressionMethod: entry.compressionMethod,
      generalPurposeBitFlag: entry.generalPurposeBitFlag,
    });
  }
  return { zip, entries };
}

const bytesOf = async (zip: ZipFile, location: EntryLocation): Promise<Buffer> =>
  buffer(await zip.openReadStreamPromise(Object.assign(new Entry(), location)));

/** Verifies an object's size, and its MD5 or else its CRC-64/NVME, as far as they are known. */
async function verifyObject(
  name: string,
  record: ObjectRecord,
  bytes: Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<void> {
  const refuse = (fault: string, options?: ErrorOptions): never => {
    throw new FileRefused('DATA_CHANGED', name, fault, options);
  };
  const md5 = record.etagIsMd5 ? createHash('md5') : undefined;
  const crc64 = !md5 && record.crc64nvme !== undefined ? new Crc64Nvme() : undefined;
  let size = 0;
  try {
    for await (const chunk of bytes) {
      size += chunk.length;
      md5?.update(chunk);
      crc64?.update(chunk);
    }
  } catch (cause) {
    refuse('cannot be read', { cause });
  }
  if (size !== record.size) refuse(`has ${size} bytes instead of ${record.size}`);
  if (md5 && md5.digest('hex') !== record.etag) refuse('has a different MD5');
  const sum = crc64 && Buffer.from(await crc64.digest()).toString('base64');
  if (sum !== undefined && sum !== record.crc64nvme) refuse('has a different CRC-64');
}
