import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { readRecord, replaceFile, syncFolder } from '../durable-files.ts';
import { keyLock } from '../key-lock.ts';
import { type Bucket, noSuchBucket, openBucket } from './bucket.ts';
import { S3Error } from './errors.ts';
import { risingSequencer } from './sequencer.ts';

/** All buckets of one folder: `<folder>/<bucket>/{bucket.json, objects/, uploads/}`. One process at a time. */
export interface Store {
  buckets(): Bucket[];
  /** @throws S3Error NoSuchBucket */
  bucket(name: string): Bucket;
  /** @returns false if it exists already */
  createBucket(name: string): Promise<boolean>;
  /** @throws S3Error NoSuchBucket | BucketNotEmpty */
  deleteBucket(name: string): Promise<void>;
  now(): Date;
}

const BucketRecord = z.object({ created: z.string() });
const RECORD = 'bucket.json'; // written last: a folder without it is not a bucket
const BUCKET_NAME = /^(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Opens the folder, or creates it; reads all metadata, about 1 s for 50,000 objects. */
export function openStore(folder: string, now: () => Date): Store {
  mkdirSync(folder, { recursive: true });
  const sequencer = risingSequencer(now);
  const clock = { now, nextSequencer: sequencer.next };
  const buckets = new Map<string, Bucket>();
  const locked = keyLock(); // by bucket name

  for (const name of readdirSync(folder)
    .filter((entry) => BUCKET_NAME.test(entry))
    .sort()) {
    const path = join(folder, name, RECORD);
    if (!existsSync(path)) continue;
    const bucket = openBucket(
      join(folder, name),
      name,
      readRecord(path, BucketRecord).created,
      clock,
    );
    buckets.set(name, bucket);
    for (const object of bucket.objects.values()) sequencer.raiseTo(object.sequencer);
  }

  function find(name: string): Bucket {
    const bucket = buckets.get(name);
    if (bucket === undefined) throw noSuchBucket(name);
    return bucket;
  }

  return {
    now,
    buckets: () => [...buckets.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    bucket: find,

    createBucket: (name) =>
      locked(name, async () => {
        if (!BUCKET_NAME.test(name)) {
          throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.', {
            BucketName: name,
          });
        }
        if (buckets.has(name)) return false;
        const place = join(folder, name);
        const created = now().toISOString();
        for (const part of ['objects', 'uploads']) {
          await rm(join(place, part), { recursive: true, force: true }); // an earlier removal may be incomplete
          await mkdir(join(place, part), { recursive: true });
        }
        await replaceFile(join(place, RECORD), JSON.stringify({ created }));
        await syncFolder(folder);
        buckets.set(name, openBucket(place, name, created, clock));
        return true;
      }),

    deleteBucket: (name) =>
      locked(name, async () => {
        find(name).close();
        buckets.delete(name);
        await rm(join(folder, name, RECORD));
        await syncFolder(join(folder, name));
        await rm(join(folder, name), { recursive: true });
      }),
  };
}
