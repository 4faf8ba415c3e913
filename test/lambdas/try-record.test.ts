import type { Context } from 'aws-lambda';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { tryRecord } from '#lambdas/try-record.ts';
import { StaleJob } from '#ports';

const context = { functionName: 'publish-student', awsRequestId: 'r1' } as Context;
const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
afterEach(() => log.mockClear());

describe('tryRecord', () => {
  it('looks anew when another writer was faster', async () => {
    let looks = 0;

    await tryRecord(async () => {
      if (++looks < 3) throw new StaleJob('version 4');
    }, context);

    expect(looks).toBe(3);
    expect(log).not.toHaveBeenCalled();
  });

  it('gives a job up that is always written by somebody else, for a later try', async () => {
    let looks = 0;
    const always = async () => {
      looks += 1;
      throw new StaleJob('version 4');
    };

    await expect(tryRecord(always, context)).rejects.toThrow(StaleJob);
    expect(looks).toBeGreaterThan(1);
  });

  it('logs any other failure once, with its stage, and passes it on', async () => {
    const broken = async () => {
      throw new Error('S3 is down');
    };

    await expect(tryRecord(broken, context)).rejects.toThrow('S3 is down');
    expect(log).toHaveBeenCalledTimes(1);
    expect(JSON.parse(log.mock.calls[0]?.[0])).toMatchObject({
      level: 'error',
      stage: 'publish-student',
      message: 'S3 is down',
    });
  });
});
