import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { Crc64Nvme } from '@aws-sdk/crc64-nvme';
import yauzl from 'yauzl';
import type { Manifest, ManifestExample, ObjectRecord } from '#core/manifest.ts';
import { TrainingRefused } from '../stop-training.ts';

/** The bytes of an example, exactly those that were validated. */
export interface Dataset {
  /** @throws TrainingRefused DATA_CHANGED, which names the file */
  read(example: ManifestExample): Promise<Buffer>;
  close(): void;
}

/**
 * Opens a dataset as SageMaker laid it out: the bucket's keys below the channel's folder.
 *
 * @throws TrainingRefused DATA_CHANGED when the archive is not the one of the manifest
 */
export async function openDataset(folder: string, { header }: Manifest): Promise<Dataset> {
  if (!header.archive) {
    return {
      async read({ path, object }) {
        if (!object) throw new Error(`the manifest says no object for ${path}`);
        const bytes = await readFile(join(folder, object.key)).catch((cause: unknown) => {
          throw changed(path, 'is missing', cause);
        });
        await verifyObject(path, object, (consume) => consume(bytes));
        return bytes;
      },
      close: () => undefined,
    };
  }
  const file = join(folder, header.archive.key);
  await verifyObject(header.archive.key, header.archive, async (consume) => {
    for await (const chunk of createReadStream(file)) consume(chunk);
  });
  return archive(file);
}

async function archive(file: string): Promise<Dataset> {
  const { zip, entries } = await listEntries(file);
  return {
    async read({ path, entry }) {
      const found = entry && entries.get(entry.name);
      if (!entry || !found) throw changed(path, 'is not in the archive');
      if (found.uncompressedSize !== entry.size) throw changed(path, 'has another size');
      const bytes = await bytesOf(zip, found).catch((cause: unknown) => {
        throw changed(path, 'cannot be unpacked', cause);
      });
      // yauzl does not compute it; the validator read it in the archive's directory, and promised these bytes.
      if (crc32(bytes) !== entry.crc32) throw changed(path, 'has another checksum');
      return bytes;
    },
    close: () => zip.close(),
  };
}

function listEntries(
  file: string,
): Promise<{ zip: yauzl.ZipFile; entries: Map<string, yauzl.Entry> }> {
  return new Promise((resolve, reject) => {
    yauzl.open(file, { lazyEntries: true, autoClose: false }, (error, zip) => {
      if (error) return reject(error);
      const entries = new Map<string, yauzl.Entry>();
      zip.on('error', reject);
      zip.on('end', () => resolve({ zip, entries }));
      zip.on('entry', (entry: yauzl.Entry) => {
        entries.set(entry.fileName, entry);
        zip.readEntry();
      });
      zip.readEntry();
    });
  });
}

const bytesOf = (zip: yauzl.ZipFile, entry: yauzl.Entry): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error) reject(error);
      else buffer(stream).then(resolve, reject);
    });
  });

/** Recomputes of an object what can be recomputed: its size, and its MD5 or else its CRC-64/NVME. */
async function verifyObject(
  name: string,
  record: ObjectRecord,
  feed: (consume: (chunk: Buffer) => void) => Promise<void> | void,
): Promise<void> {
  const md5 = record.etagIsMd5 ? createHash('md5') : undefined;
  const crc64 = !md5 && record.crc64nvme !== undefined ? new Crc64Nvme() : undefined;
  let size = 0;
  await Promise.resolve(
    feed((chunk) => {
      size += chunk.length;
      md5?.update(chunk);
      crc64?.update(chunk);
    }),
  ).catch((cause: unknown) => {
    throw changed(name, 'cannot be read', cause);
  });
  if (size !== record.size) throw changed(name, `has ${size} bytes instead of ${record.size}`);
  if (md5 && md5.digest('hex') !== record.etag) throw changed(name, 'has another MD5');
  const sum = crc64 && Buffer.from(await crc64.digest()).toString('base64');
  if (sum !== undefined && sum !== record.crc64nvme) throw changed(name, 'has another CRC-64');
}

const changed = (name: string, what: string, cause?: unknown): TrainingRefused =>
  new TrainingRefused('DATA_CHANGED', `${name} ${what}; it is not what was validated.`, { cause });
