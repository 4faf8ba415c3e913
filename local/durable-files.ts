import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';

/** The suffix of a file until it is complete; such a file, found at start, was left by a crash. */
export const DRAFT = '.draft';

/** Writes the content of a file, chunk by chunk. */
export type Fill<T> = (write: (chunk: Uint8Array) => Promise<void>) => Promise<T>;

/**
 * Writes a new file. Its bytes are on the disk when this resolves; nothing is left when it rejects.
 * Its name is sure to be on the disk only after `syncFolder`.
 */
export async function writeNewFile<T>(path: string, fill: Fill<T>): Promise<T> {
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

/** A single `write` may write less than it was given, for example when the disk is almost full. */
async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    done += (await file.write(chunk, done, chunk.length - done)).bytesWritten;
  }
}

/**
 * Creates a file or replaces its content: readers, and a disk after a crash, see the old or the new content, never a
 * mixture. Nothing changes when `content` fails.
 *
 * @param replaced called as soon as the new content is in place, before it is known to be durable
 */
export async function replaceFile(
  path: string,
  content: string | Fill<void>,
  replaced = () => {},
): Promise<void> {
  const draft = `${path}.${randomUUID()}${DRAFT}`;
  await writeNewFile(
    draft,
    typeof content === 'string' ? (write) => write(Buffer.from(content)) : content,
  );
  try {
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  replaced();
  await syncFolder(dirname(path));
}

/** Makes the names in a folder durable. Windows cannot open a folder; it keeps renames in order by itself. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Reads a JSON file that `replaceFile` wrote.
 * @throws Error when it is damaged: it is always written completely or not at all
 */
export function readRecord<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): z.infer<Schema> {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new Error(`${path} cannot be read. Move it away to start without it.`, { cause });
  }
}
