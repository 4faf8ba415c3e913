import { setTimeout as pause } from 'node:timers/promises';
import { type StageLog, StaleJob, type Subject } from '#ports';

const MAX_TRIES = 5;

/**
 * Does the work of one record of a queue or stream. If another writer has changed the row first, it tries again at
 * once; any other failure is logged and passed on, so that the queue or stream retries the record later.
 *
 * @param about filled in by `work`, for the log
 */
export async function retryOnStale(
  work: () => Promise<unknown>,
  log: StageLog,
  about: Subject,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await work();
      return;
    } catch (error) {
      if (error instanceof StaleJob && tries < MAX_TRIES) {
        await pause(20 * tries * Math.random()); // ms
        continue;
      }
      log.failed(error, about);
      throw error;
    }
  }
}
