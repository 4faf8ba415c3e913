import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';

/** What a file is called until it is complete; found at start, such a file is left over from a crash. */
export const DRAFT = '.draft';

/**
 * Writes a new file through `fill`. Its bytes are on the disk when this resolves; nothing is left when it rejects.
 * Its name is sure to be on the disk only after `syncFolder`.
 */
export async function writeNewFile<T>(
  path: string,
  fill: (write: (chunk: Uint8Array) => Promise<void>) => Promise<T>,
): Promise<T> {
  const file = await open(path, 'wx');
  try {
    const result = await fill((chunk) => writeAll(file, chunk));
    await file.sync();
    return result;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** One `write` may take less than it was given, just before the disk is full. */
async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    done += (await file.write(chunk, done, chunk.length - done)).bytesWritten;
  }
}

/**
 * Puts `content` in the place of a file: readers, and a disk after a crash, hold the old or the new, never a mixture.
 *
 * @param replaced called as soon as the new content is in place, before that is known to be durable
 */
export async function replaceFile(
  path: string,
  content: string,
  replaced = () => {},
): Promise<void> {
  const draft = `${path}.${randomUUID()}${DRAFT}`;
  await writeNewFile(draft, (write) => write(Buffer.from(content)));
  try {
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  replaced();
  await syncFolder(dirname(path));
}

/** Makes the names in a folder durable. Windows cannot open a folder, and orders renames itself. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Reads a file this server wrote. It is there whole or not at all, so anything else is damage to be told. */
export function readRecord<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): z.infer<Schema> {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new Error(`${path} cannot be read. Move it away to start the local S3 without it.`, {
      cause,
    });
  }
}
