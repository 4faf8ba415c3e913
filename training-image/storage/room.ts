import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { MlFolder } from '#core/ml-folder.ts';
import { unwritableInWords } from '#core/unwritable.ts';
import { TrainingRefused } from '../job/errors.ts';

/** A job's folder for large intermediate results that need not survive an interruption. */
export const scratchFolder = ({ root }: Pick<MlFolder, 'root'>): string => join(root, 'scratch');

/** The bytes that this process may still write to the disk of a folder; `undefined` where the system does not say. */
export async function freeBytes(folder: string): Promise<number | undefined> {
  const disk = await statfs(folder).catch(() => undefined);
  return disk && disk.bavail * disk.bsize;
}

/** What a training is about to write, as far as it is known before. */
export interface Storage {
  images: number; // to be decoded
  px: number;
  examples: number; // whose features are kept
  features: number; // of each
  weightBytes: number; // of the teacher
}

/** Features are kept in the checkpoints and in scratch, there a second time in scaled form. */
const COPIES_OF_FEATURES = 3;
const COPIES_OF_WEIGHTS = 2; // the student as a layers-model and as a SavedModel

export const bytesNeeded = ({ images, px, examples, features, weightBytes }: Storage): number =>
  images * px * px * 3 +
  COPIES_OF_FEATURES * examples * features * Float32Array.BYTES_PER_ELEMENT +
  COPIES_OF_WEIGHTS * weightBytes;

/**
 * Ends a training before it decodes anything for which the disk has no room. Fine-tuning needs more, which is not known
 * before.
 *
 * @throws TrainingRefused DISK_FULL
 */
export async function requireRoom(
  { root }: Pick<MlFolder, 'root'>,
  storage: Storage,
  free = freeBytes,
): Promise<void> {
  const neededBytes = bytesNeeded(storage);
  const found = await free(root);
  if (found === undefined || found >= neededBytes) return;
  const room = { folder: root, freeBytes: found, neededBytes };
  throw new TrainingRefused('DISK_FULL', unwritableInWords('full', room));
}
