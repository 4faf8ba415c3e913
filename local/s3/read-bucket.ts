import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ObjectChanged } from '#ports';
import { hashOf } from './data-files.ts';
import { StoredObject } from './stored-object.ts';

/** A bucket of the local S3 as a reader sees it; the server that writes it may be running or not. */
export interface BucketReader {
  /** The objects whose key begins with the prefix, in no particular order. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** @returns `undefined` if there is no such object */
  read(key: string): Promise<Buffer | undefined>;
  /** Streams an object that may be large. @throws ObjectChanged if there is none, or it is overwritten in the meantime */
  stream(key: string): Promise<AsyncIterable<Uint8Array>>;
}

/**
 * Reads a bucket's folder without a server, and without its lock: metadata files are replaced as a whole, and data
 * files never change, but disappear when their object is overwritten.
 */
export function readBucket(folder: string): BucketReader {
  const place = join(folder, 'objects');

  async function find(file: string): Promise<StoredObject | undefined> {
    const text = await unlessAbsent(readFile(join(place, file), 'utf8'));
    return text === undefined ? undefined : StoredObject.parse(JSON.parse(text));
  }

  const metadataOf = (key: string) => find(`${hashOf(key)}.json`);

  return {
    async *list(prefix) {
      for (const file of (await unlessAbsent(readdir(place))) ?? []) {
        const object = file.endsWith('.json') ? await find(file) : undefined;
        if (object?.key.startsWith(prefix)) yield object;
      }
    },

    async read(key) {
      for (;;) {
        const object = await metadataOf(key);
        if (object === undefined) return undefined;
        const parts = await Promise.all(
          object.data.map(({ file }) => unlessAbsent(readFile(join(place, file)))),
        );
        const present = parts.filter((part) => part !== undefined);
        if (present.length === parts.length) return Buffer.concat(present);
        const again = await metadataOf(key);
        if (again?.sequencer === object.sequencer) throw new Error(`the data of ${key} is missing`);
        // it was overwritten between the two reads
      }
    },

    async stream(key) {
      const object = await metadataOf(key);
      if (object === undefined) throw new ObjectChanged(key);
      return concatenated(
        key,
        object.data.map(({ file }) => join(place, file)),
      );
    },
  };
}

async function* concatenated(key: string, files: readonly string[]): AsyncGenerator<Uint8Array> {
  try {
    for (const file of files) yield* createReadStream(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new ObjectChanged(key, { cause: error });
  }
}

async function unlessAbsent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
