import { statfsSync } from 'node:fs';
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

/** Two sentences: why something could not be written below a folder, and what to do. `undefined` for other errors. */
export function whyUnwritable(error: unknown, folder: string): string | undefined {
  const why = unwritable(error);
  if (!why) return undefined;
  const room = {
    folder,
    freeBytes: freeBytes(folder),
    neededBytes: error instanceof NoRoom ? error.neededBytes : undefined,
  };
  return `${unwritableInWords(why, room)} ${REMEDIES[why]}`;
}

const MAKE_ROOM =
  'Free some space there, or delete what you no longer need with "npx understudy prune".';
const MOVE = 'Make it writable, or use another folder with --state.';

const REMEDIES: Record<Unwritable, string> = {
  full: MAKE_ROOM,
  quota: MAKE_ROOM,
  'file-size': 'Use a folder on another disk with --state.',
  'read-only': MOVE,
  denied: MOVE,
};

/** The status with which the local services answer that something cannot be written. SDKs do not retry it. */
export const INSUFFICIENT_STORAGE = 507;

/** Whether a local service has answered that something cannot be written; it has told the user by itself. */
export function isToldByService(error: unknown): boolean {
  const { $metadata, cause } = Object(error);
  if ($metadata?.httpStatusCode === INSUFFICIENT_STORAGE) return true;
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.every(isToldByService);
  return cause instanceof Error && isToldByService(cause);
}
