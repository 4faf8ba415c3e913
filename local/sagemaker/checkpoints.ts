import { access, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DeleteObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { isUnfinished } from '#core/ml-folder.ts';
import { placeBelow, s3Folder } from './place.ts';
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
  /** Brings in what S3 has and the folder has not; where both have a file, the folder's is the newer one. */
  fill(signal: AbortSignal): Promise<void>;
  /** Makes the copy like the folder: what changed goes up, the oldest first, and what was deleted goes away. */
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
      const path = placeBelow(folder, name);
      if (await isThere(path)) return;
      const draft = placeBelow(drafts, name);
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
      // One by one: a file that names others is written after them, and must not be seen in S3 before them.
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

/** A file that was replaced while it went up has another version than noted, and goes up again. */
const versionOf = ({ size, modifiedMs }: Pick<LocalFile, 'size' | 'modifiedMs'>): string =>
  `${size} ${modifiedMs}`;

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
