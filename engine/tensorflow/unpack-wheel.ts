import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';
import { fileFailure, SetupFailure } from './setup-failure.ts';

/**
 * Extracts files from a wheel (a zip).
 *
 * @param targets the path to write each file to, by its name in the wheel; nothing else is written
 * @throws SetupFailure if one of them is not in the wheel, or the disk is full
 */
export async function unpackWheel(
  wheel: string,
  targets: ReadonlyMap<string, string>,
): Promise<void> {
  const missing = new Set(targets.keys());
  await eachEntry(wheel, async (entry, open) => {
    const target = targets.get(entry.fileName);
    if (target === undefined) return;
    missing.delete(entry.fileName);
    try {
      await mkdir(dirname(target), { recursive: true });
      await pipeline(await open(), createWriteStream(target, { mode: 0o644 }));
    } catch (error) {
      throw fileFailure(error, `Unpacking ${entry.fileName}`);
    }
  });
  if (missing.size > 0) {
    throw new SetupFailure(`The wheel has no ${[...missing].join(', ')}.`);
  }
}

type Visit = (entry: yauzl.Entry, open: () => Promise<Readable>) => Promise<void>;

function eachEntry(path: string, visit: Visit): Promise<void> {
  return new Promise((resolve, reject) => {
    yauzl.open(path, { lazyEntries: true }, (error, zip) => {
      if (error) return reject(invalidZip(error));
      const open = (entry: yauzl.Entry) => () =>
        new Promise<Readable>((opened, failed) => {
          zip.openReadStream(entry, (error, stream) => (error ? failed(error) : opened(stream)));
        });
      zip.on('error', (cause) => reject(invalidZip(cause))); // also for a name that leads out of the folder
      zip.on('end', resolve);
      zip.on('entry', (entry: yauzl.Entry) => {
        visit(entry, open(entry)).then(
          () => zip.readEntry(),
          (failure: unknown) => {
            zip.close();
            reject(failure);
          },
        );
      });
      zip.readEntry();
    });
  });
}

const invalidZip = (cause: Error): SetupFailure =>
  new SetupFailure(`The wheel is not a valid zip: ${cause.message}.`, { cause });
