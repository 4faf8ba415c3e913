import { access, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DeleteObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { isUnfinished } from '#core/ml-folder.ts';
import { pathBelow, s3Folder } from './s3-location.ts';
import {
  download,
  filesBelow,
  forEachFile,
  keysBelow,
  type LocalFile,
  upload,
} from './transfer.ts';

/** A folder of checkpoints and its copy in S3. */
export interface Checkpoints {
  /** Downloads the files that the folder lacks. Where both have a file, the folder has the newer one. */
  fill(signal: AbortSignal): Promise<void>;
  /** Updates the copy: uploads changed files, oldest first, and deletes those that are gone from the folder. */
  sync(): Promise<void>;
}

export function checkpointsIn(s3: S3Client, uri: string, folder: string): Checkpoints {
  const { bucket, prefix } = s3Folder(uri);
  const copied = new Map<string, string>(); // the version of each file that S3 has, by name

  async function fill(signal: AbortSignal): Promise<void> {
    await mkdir(folder, { recursive: true });
    const drafts = join(folder, '.from-s3');
    await rm(drafts, { recursive: true, force: true });
    await forEachFile(keysBelow(s3, { bucket, key: prefix }), async (key) => {
      const name = key.slice(prefix.length);
      const path = pathBelow(folder, name);
      if (await isThere(path)) return;
      const draft = pathBelow(drafts, name);
      await download(s3, { bucket, key }, draft, signal);
      await mkdir(dirname(path), { recursive: true });
      await rename(draft, path);
      const { size, mtimeMs } = await stat(path);
      copied.set(name, versionOf({ size, modifiedMs: mtimeMs }));
    });
    await rm(drafts, { recursive: true, force: true });
  }

  async function sync(): Promise<void> {
    const all = await filesBelow(folder);
    const files = all
      .filter(({ name }) => !name.split('/').some(isUnfinished))
      .sort((one, other) => one.modifiedMs - other.modifiedMs);
    for (const file of files) {
      if (copied.get(file.name) === versionOf(file)) continue;
      // One by one: a file that refers to others is written after them, and must not appear in S3 before them.
      const isThere = await upload(s3, file.path, { bucket, key: `${prefix}${file.name}` });
      if (isThere) copied.set(file.name, versionOf(file));
    }
    const present = new Set(files.map(({ name }) => name));
    for (const name of copied.keys()) {
      if (present.has(name)) continue;
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: `${prefix}${name}` }));
      copied.delete(name);
    }
  }

  return { fill, sync };
}

/** Identifies the content of a file: one that was replaced during its upload is uploaded again. */
const versionOf = ({ size, modifiedMs }: Pick<LocalFile, 'size' | 'modifiedMs'>): string =>
  `${size} ${modifiedMs}`;

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
