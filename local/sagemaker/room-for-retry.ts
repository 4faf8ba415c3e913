import { neededBytesIn } from '#core/unwritable.ts';
import { filesBelow } from './transfer.ts';

/**
 * The room that a training needs before it is tried again, after it has filled the disk: what it has left there and asked
 * for, and at least twice what it has left. It may have used more, which it has deleted itself.
 *
 * @param work the folder that the training has used
 * @param why the sentence with which it ended
 * @returns bytes
 */
export async function roomForRetry(work: string, why: string): Promise<number> {
  const used = (await filesBelow(work)).reduce((sum, { size }) => sum + size, 0);
  return Math.max(2 * used, used + (neededBytesIn(why) ?? 0));
}
