import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectTo } from '#cli/connect.ts';
import type { Job } from '#core/job.ts';
import type { State } from '#core/job-progress.ts';
import { STUDENTS } from '#core/keys.ts';
import { startedPipeline } from './commands.ts';
import { digitZip } from './mnist.ts';

const MINUTES = 60_000;
let folder: string;
let zip: Buffer;
let running: Awaited<ReturnType<typeof startedPipeline>> | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-kept-'));
  await digitZip(join(folder, 'digits.zip'), 120);
  zip = await readFile(join(folder, 'digits.zip'));
});
afterEach(async () => {
  await running?.end();
  running = undefined;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function start(state: string, ...options: string[]) {
  running = await startedPipeline(join(folder, state), ...options);
  return { ...running, ...connectTo(running.endpoint) };
}
type Started = Awaited<ReturnType<typeof start>>;

const RECIPE = JSON.stringify({
  regime: 'head-only',
  teacher: 'efficientnet-lite0',
  input_px: 96,
}); // quick

const put = ({ s3, bucket }: Started, Key: string, Body: Uint8Array | string) =>
  s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));

/** Uploads a zip so many times at once, after its recipe. */
async function upload(up: Started, name: string, { body = zip, times = 1 } = {}): Promise<void> {
  await put(up, `datasets/${name}.json`, RECIPE);
  await Promise.all(Array.from({ length: times }, () => put(up, `datasets/${name}.zip`, body)));
}

/** Waits until every job, and at least `count` of them, is in one of these states. */
async function until({ allJobs }: Started, count: number, ...states: State[]): Promise<Job[]> {
  for (let waited = 0; waited < 3 * MINUTES; waited += 100) {
    const jobs = await allJobs();
    if (jobs.length >= count && jobs.every(({ progress }) => states.includes(progress.state)))
      return jobs;
    await pause(100);
  }
  const states_ = (await allJobs()).map(({ progress }) => JSON.stringify(progress));
  throw new Error(`not all of ${count} jobs became ${states}: ${states_}`);
}

async function students({ objects }: Started): Promise<string[]> {
  const cards: string[] = [];
  for await (const { key } of objects.list(STUDENTS)) {
    if (key.endsWith('/student.json')) cards.push(key);
  }
  return cards;
}

describe('the pipeline of this machine', () => {
  it(
    'makes one job and one student of the same zip uploaded three times at once, another of a changed one',
    async () => {
      const up = await start('parallel');

      await upload(up, 'digits', { times: 3 });
      const [job] = await until(up, 1, 'published');
      expect(job?.run?.attempt).toBe(1);
      expect(await students(up)).toHaveLength(1);

      const changed = Buffer.concat([zip.subarray(0, -2), Buffer.from([1, 0, 33])]); // a comment of one byte
      await upload(up, 'digits', { body: changed });
      const jobs = await until(up, 2, 'published');
      expect(new Set(jobs.map(({ id }) => id)).size).toBe(2);
      expect(await students(up)).toHaveLength(2);
    },
    6 * MINUTES,
  );

  it(
    'brings an upload to published by the sweeper alone, with every event lost',
    async () => {
      const up = await start('lost', '--lose-events', '--sweep-every-seconds', '1');

      await upload(up, 'digits');

      await until(up, 1, 'published');
      const outbox = async () => (await up.allJobs())[0]?.outbox;
      await expect.poll(outbox, { timeout: MINUTES }).toEqual([]); // announced as well
    },
    4 * MINUTES,
  );

  it(
    'is killed while it trains, and goes on as if nothing had been',
    async () => {
      const killed = await start('killed');
      await upload(killed, 'digits');
      await until(killed, 1, 'training');
      await killed.kill();

      const up = await start('killed');

      const [job] = await until(up, 1, 'published');
      expect(job?.run?.attempt).toBe(1); // as after a spot interruption, not as after a failure
      expect(job?.history.filter(({ state }) => state === 'published')).toHaveLength(1);
      expect(await students(up)).toHaveLength(1);
    },
    5 * MINUTES,
  );

  it(
    'queues several uploads, and ends with a student of each',
    async () => {
      const up = await start('queue');

      await Promise.all(['a', 'b', 'c'].map((name) => upload(up, `digits-${name}`)));

      const jobs = await until(up, 3, 'published');
      expect(jobs.map(({ name }) => name).sort()).toEqual(['digits-a', 'digits-b', 'digits-c']);
    },
    6 * MINUTES,
  );
});
