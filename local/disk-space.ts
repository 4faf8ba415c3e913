import { statfsSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { type Unwritable, unwritable, unwritableInWords } from '#core/unwritable.ts';

/** The bytes that this process may still write to the disk of a folder; `undefined` where the system does not say. */
export function freeBytes(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/**
 * What uploads leave free, so that the rows and records that say what has become of a job still fit. Chosen: the job
 * table is LevelDB, which writes up to 4 MB at once when it compacts its log.
 */
export const RESERVED_BYTES = 8 * 1024 ** 2;

/** A write was refused before it began, because the disk has no room for it. */
export class NoRoom extends Error {
  override name = 'NoRoom';
  readonly code = 'ENOSPC';
  readonly neededBytes: number;
  constructor(neededBytes: number) {
    super(`the disk has no room for ${neededBytes} bytes`);
    this.neededBytes = neededBytes;
  }
}

/** @throws NoRoom unless that many bytes fit, and what is reserved is left */
export function requireRoom(folder: string, bytes: number, reserved = RESERVED_BYTES): void {
  const free = freeBytes(folder);
  if (free !== undefined && free < bytes + reserved) throw new NoRoom(bytes + reserved);
}

/**
 * Two sentences: why something could not be written, and what to do. `undefined` for other errors.
 *
 * @param folder that is named unless the error itself names another place
 */
export function whyUnwritable(
  error: unknown,
  folder: string,
  remedies = REMEDIES,
): string | undefined {
  const why = unwritable(error);
  if (!why) return undefined;
  const place = placeOf(error, folder);
  const room = {
    folder: place,
    freeBytes: freeBytes(place),
    neededBytes: error instanceof NoRoom ? error.neededBytes : undefined,
  };
  return `${unwritableInWords(why, room)} ${remedies[why]}`;
}

/** The folder of the path that an error of the file system names; below the given folder, that is precise enough. */
function placeOf(error: unknown, folder: string): string {
  const { path } = Object(error);
  if (typeof path !== 'string' || path === '') return folder;
  return resolve(path).startsWith(resolve(folder) + sep) ? folder : dirname(path);
}

/** Whom the local services tell that their disk takes no more. */
export interface Disk {
  /**
   * To be called with the error of every write.
   *
   * @returns why it could not be written, and what to do; `undefined` for errors that are not about the disk
   */
  failed(error: unknown): string | undefined;
}

/** A disk that nobody watches. */
export const unwatchedDisk = (folder: string): Disk => ({
  failed: (error) => whyUnwritable(error, folder),
});

export const MAKE_ROOM =
  'Free some space there; then "npx understudy prune" removes what is no longer needed.';
const MOVE = 'Make it writable, or use another folder with --state.';

export const REMEDIES: Record<Unwritable, string> = {
  full: MAKE_ROOM,
  quota: MAKE_ROOM,
  'file-size': 'Use a folder on another disk with --state.',
  'read-only': MOVE,
  denied: 'Give yourself access to it, or use another folder with --state.', // whether to read or to write, the error does not say
};
