import { describe, expect, it } from 'vitest';
import { memoryLog } from '#examples/in-memory-ports.ts';
import { retryOnStale } from '#lambdas/retry-on-stale.ts';
import { StaleJob } from '#ports';

const subject = { jobId: 'a' };

describe('retryOnStale', () => {
  it('tries again when another writer was faster', async () => {
    const { log, failed } = memoryLog();
    let tries = 0;

    const work = async () => {
      if (++tries < 3) throw new StaleJob('version 4');
    };
    await retryOnStale(work, log, subject);

    expect(tries).toBe(3);
    expect(failed).toEqual([]);
  });

  it('gives up when another writer is always faster', async () => {
    const { log } = memoryLog();
    let tries = 0;
    const work = async () => {
      tries += 1;
      throw new StaleJob('version 4');
    };

    await expect(retryOnStale(work, log, subject)).rejects.toThrow(StaleJob);
    expect(tries).toBeGreaterThan(1);
  });

  it('logs any other failure once, with its subject, and passes it on', async () => {
    const { log, failed } = memoryLog();
    const error = new Error('S3 is down');

    await expect(retryOnStale(() => Promise.reject(error), log, subject)).rejects.toBe(error);
    expect(failed).toEqual([{ error, about: subject }]);
  });
});
