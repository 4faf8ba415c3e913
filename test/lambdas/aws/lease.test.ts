import { setTimeout as pause } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whileLeased } from '#lambdas/aws/lease.ts';
import { createJobTable } from '#local/create-job-table.ts';
import { runningDynalite } from '#test/running-dynalite.ts';
import { noon } from '#test/uploads.ts';

let server: Awaited<ReturnType<typeof runningDynalite>>;
let client: DynamoDBClient;
beforeAll(async () => {
  server = await runningDynalite();
  client = server.connect();
  await createJobTable(client, 'jobs');
});
afterAll(() => {
  client.destroy();
  server.close();
});

const HOUR = 3600;
const lease = (name: string, work: () => Promise<void>, now = noon) =>
  whileLeased({ table: 'jobs', name, seconds: HOUR }, work, client, () => now);

describe('whileLeased', () => {
  it('lets one of 50 work at a time', async () => {
    let working = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++working);
      await pause(50);
      working--;
    };

    const done = await Promise.all(Array.from({ length: 50 }, () => lease('race', work)));

    expect(most).toBe(1);
    expect(done.filter(Boolean).length).toBeGreaterThanOrEqual(1);
  });

  it('is free again after the work, also if that failed', async () => {
    const failing = () => Promise.reject(new Error('It broke.'));
    await expect(lease('again', failing)).rejects.toThrow('It broke.');

    expect(await lease('again', async () => undefined)).toBe(true);
    expect(await lease('again', async () => undefined)).toBe(true);
  });

  it('passes on when its time is over, if its holder died', async () => {
    let isOver: (() => void) | undefined;
    const never = new Promise<void>((resolve) => {
      isOver = resolve;
    });
    const dead = lease('died', () => never);
    await pause(100);
    const later = (seconds: number) => new Date(noon.getTime() + seconds * 1000);

    expect(await lease('died', async () => undefined, later(HOUR - 1))).toBe(false);
    let ranBeside = false;
    const next = lease(
      'died',
      async () => {
        isOver?.(); // the first one is alive after all
        await dead;
        ranBeside = !(await lease('died', async () => undefined, later(HOUR)));
      },
      later(HOUR),
    );

    expect(await next).toBe(true);
    expect(ranBeside).toBe(true); // the end of the old lease has not ended the new one
  });
});
