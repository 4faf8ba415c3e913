import { createWriteStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  GetObjectCommand,
  NoSuchKey,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import pLimit from 'p-limit';
import { DataError } from './s3-location.ts';

/** Chosen: enough to keep disk and network busy, few enough to leave file handles to others. */
const FILES_AT_ONCE = 8;

/**
 * Runs a task for each of many files, several at once. The first failure starts no more of them and is thrown when
 * those that run have ended: nobody writes any more into what the caller then removes.
 */
export async function forEachFile<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  task: (item: Item) => Promise<void>,
): Promise<void> {
  const limit = pLimit(FILES_AT_ONCE);
  const failures: unknown[] = [];
  const attempt = async (item: Item) => {
    if (failures.length === 0) await task(item).catch((error: unknown) => failures.push(error));
  };
  const attempts: Promise<void>[] = [];
  try {
    for await (const item of items) {
      if (failures.length > 0) break;
      attempts.push(limit(attempt, item));
    }
  } finally {
    await Promise.all(attempts);
  }
  if (failures.length > 0) throw failures[0];
}

export interface S3Object {
  bucket: string;
  key: string;
}

/** Lists every key with the prefix, except the empty objects that consoles create for folders. */
export async function* keysBelow(
  s3: S3Client,
  { bucket: Bucket, key: Prefix }: S3Object,
): AsyncGenerator<string> {
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix })) {
    for (const { Key = '', Size } of page.Contents ?? []) {
      if (!(Key.endsWith('/') && Size === 0)) yield Key;
    }
  }
}

/**
 * Streams an object into a new file.
 * @throws DataError if there is no such object, or such a file cannot be created
 */
export async function download(
  s3: S3Client,
  { bucket, key }: S3Object,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const request = new GetObjectCommand({ Bucket: bucket, Key: key });
  try {
    await mkdir(dirname(path), { recursive: true });
    const { Body } = await s3.send(request, { abortSignal: signal });
    // Never overwrites: on some file systems two keys that differ only in case are the same name.
    await pipeline(Body as Readable, createWriteStream(path, { flags: 'wx' }), { signal });
  } catch (error) {
    const why = UNUSABLE[(error as NodeJS.ErrnoException).code ?? ''];
    if (error instanceof NoSuchKey) throw new DataError(`s3://${bucket}/${key} does not exist`);
    if (why) throw new DataError(`s3://${bucket}/${key} ${why}`, { cause: error });
    throw error;
  }
}

const UNUSABLE: Record<string, string> = {
  EEXIST: 'has the same file name as another object',
  ENOTDIR: 'is below another object, which is a file and not a folder',
  EISDIR: 'is above another object, and so would be a file and a folder',
  ENAMETOOLONG: 'is too long for the file system',
  EINVAL: 'is not a valid name in the file system',
  EILSEQ: 'is not a valid name in the file system',
};

export interface LocalFile {
  path: string;
  name: string; // below the folder, with slashes
  size: number; // bytes
  modifiedMs: number;
}

/** Lists every regular file below a folder; links are not followed, since they may lead out of it. */
export async function filesBelow(folder: string): Promise<LocalFile[]> {
  const options = { recursive: true, withFileTypes: true } as const;
  const entries = (await readdir(folder, options).catch(ifThere)) ?? [];
  const paths = entries.filter((entry) => entry.isFile()).map((e) => join(e.parentPath, e.name));
  const files = await Promise.all(
    paths.map(async (path) => {
      const found = await stat(path).catch(ifThere);
      const name = relative(folder, path).split(sep).join('/');
      return found && { path, name, size: found.size, modifiedMs: found.mtimeMs };
    }),
  );
  return files.filter((file) => file !== undefined);
}

/** @returns whether the file (still) existed */
export async function upload(s3: S3Client, path: string, to: S3Object): Promise<boolean> {
  const file: FileHandle | undefined = await open(path).catch(ifThere);
  if (!file) return false;
  try {
    const Body = file.createReadStream({ autoClose: false });
    await new Upload({ client: s3, params: { Bucket: to.bucket, Key: to.key, Body } }).done();
    return true;
  } finally {
    await file.close();
  }
}

/** @returns the number of files */
export async function uploadFolder(
  s3: S3Client,
  folder: string,
  { bucket, prefix }: { bucket: string; prefix: string },
): Promise<number> {
  const files = await filesBelow(folder);
  await forEachFile(files, async ({ path, name }) => {
    await upload(s3, path, { bucket, key: `${prefix}${name}` });
  });
  return files.length;
}

/** For `catch`: a file that was removed in the meantime counts as absent. */
export function ifThere(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}
