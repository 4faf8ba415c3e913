import { readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { requireRoom } from '../disk-space.ts';
import { readRecord, replaceFile, syncFolder } from '../durable-files.ts';
import { keyLock } from '../key-lock.ts';
import { checkWrite, noSuchKey, type WriteCondition } from './conditions.ts';
import { type DataFiles, dataFiles, hashOf } from './data-files.ts';
import { S3Error } from './errors.ts';
import { type KeyIndex, keyIndex } from './key-index.ts';
import { type NewObject, StoredObject } from './stored-object.ts';
import { openUploads, type Uploads } from './uploads.ts';

/** A bucket: its objects in listing order, and all operations that change them. */
export interface Bucket {
  readonly name: string;
  readonly created: string; // ISO 8601
  readonly objects: KeyIndex<StoredObject>;
  readonly data: DataFiles;
  readonly uploads: Uploads;
  /** @throws S3Error NoSuchKey */
  find(key: string): StoredObject;
  /**
   * Turns data files into an object. Until then it is invisible, and a crash leaves the previous object intact; when
   * this resolves, it is durable and the data of the previous object is deleted.
   *
   * @throws S3Error if the condition does not hold at this moment; the caller then discards the files
   */
  commit(object: NewObject, condition: WriteCondition): Promise<StoredObject>;
  /** @returns whether the object existed */
  remove(key: string, condition: WriteCondition): Promise<boolean>;
  /**
   * Runs a write; `close` refuses while one runs.
   *
   * @param bytes that it will store; left out by writes that store hardly anything, or delete
   * @throws NoRoom
   */
  writing<T>(task: () => Promise<T>, bytes?: number): Promise<T>;
  /** @throws S3Error unless the bucket is empty and nothing is being written; afterwards it accepts no writes */
  close(): void;
}

/** The sources of time of a server. */
export interface Clock {
  now(): Date;
  /** A hex string that sorts after all earlier ones. */
  nextSequencer(): string;
}

/** Opens a bucket's folder: builds the index from disk and deletes what a crash left incomplete. */
export function openBucket(folder: string, name: string, created: string, clock: Clock): Bucket {
  const place = join(folder, 'objects');
  const names = readdirSync(place);
  const present = new Set(names);
  const loaded = names
    .filter((file) => file.endsWith('.json'))
    .map((file) => readRecord(join(place, file), StoredObject));
  const objects = keyIndex(loaded.map((object) => [object.key, object] as const));
  const data = dataFiles(place);
  const uploads = openUploads(join(folder, 'uploads'), data, {
    isPresent: (file) => present.has(file),
    isCompleted: (key, uploadId) => objects.get(key)?.uploadId === uploadId,
  });
  sweep();

  const locked = keyLock();
  let writers = 0;
  let closed = false;

  /** Deletes drafts, and data that belongs to no object and no part. */
  function sweep(): void {
    const kept = new Set(uploads.files());
    for (const object of loaded) for (const { file } of object.data) kept.add(file);
    for (const file of names) {
      if (!file.endsWith('.json') && !kept.has(file)) rmSync(join(place, file), { force: true });
    }
  }

  return {
    name,
    created,
    objects,
    data,
    uploads,

    find(key) {
      const object = objects.get(key);
      if (object === undefined) throw noSuchKey(key);
      return object;
    },

    commit: (object, condition) =>
      locked(object.key, async () => {
        const before = objects.get(object.key);
        checkWrite(condition, before, object.key);

        const lastModified = wholeSeconds(clock.now());
        const stored = { ...object, lastModified, sequencer: clock.nextSequencer() };
        const path = join(place, `${hashOf(object.key)}.json`);
        // Indexed as soon as the file is in place, so that memory and disk agree even if the sync then fails.
        await replaceFile(path, JSON.stringify(stored), () => objects.set(object.key, stored));

        const kept = new Set(stored.data.map(({ file }) => file)); // a repeated commit names the same files
        await data.discard(before?.data.filter(({ file }) => !kept.has(file)) ?? []);
        return stored;
      }),

    remove: (key, condition) =>
      locked(key, async () => {
        const before = objects.get(key);
        checkWrite(condition, before, key);
        if (before === undefined) return false;

        await rm(join(place, `${hashOf(key)}.json`), { force: true });
        objects.delete(key);
        await syncFolder(place);
        await data.discard(before.data);
        return true;
      }),

    async writing(task, bytes) {
      if (closed) throw noSuchBucket(name);
      if (bytes !== undefined) requireRoom(place, bytes);
      writers++;
      try {
        return await task();
      } finally {
        writers--;
      }
    },

    close() {
      if (objects.size > 0) {
        throw new S3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty.');
      }
      if (writers > 0) {
        throw new S3Error(
          'OperationAborted',
          'Something is being written to this bucket. Try again.',
        );
      }
      closed = true;
    },
  };
}

export const noSuchBucket = (name: string): S3Error =>
  new S3Error('NoSuchBucket', 'The specified bucket does not exist.', { BucketName: name });

export const wholeSeconds = (date: Date): string =>
  new Date(Math.floor(date.getTime() / 1_000) * 1_000).toISOString();
