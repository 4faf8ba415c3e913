import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { studentVersion } from '#core/identity.ts';
import { FINAL } from '#core/job-progress.ts';
import type { Files } from '#examples/job-folder.ts';
import { BUCKET } from '#local/names.ts';
import { readBucket } from '#local/s3/read-bucket.ts';
import { seededRandom } from '#training-image/data/seeded-random.ts';
import { zipOf } from '../moto/deployed-pipeline.ts';
import { tintedClasses } from '../training-image/images.ts';
import { faultyDisk } from './faulty-disk.ts';
import { runningPipeline } from './running-pipeline.ts';

/** So many moments at which the disk becomes full, from the first write of a job to the last; `all` of them in a torture. */
const MOMENTS = process.env.FULL_DISK_MOMENTS ?? '10';
const LONG = 30 * 60_000; // ms; the torture's

let folder: string;
let disk: ReturnType<typeof faultyDisk>;
let pipeline: Awaited<ReturnType<typeof runningPipeline>>;
let images: Files;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-full-'));
  images = await tintedClasses([10, 10]);
  disk = faultyDisk(join(folder, 'state'));
  pipeline = await runningPipeline(join(folder, 'state'), folder);
});
afterAll(async () => {
  await pipeline?.stop();
  disk?.restore();
  await rm(folder, { recursive: true, force: true });
});

/** The job table has the job of every upload that S3 has accepted; uploads again what it has refused. */
async function upload(name: string): Promise<void> {
  const Body = await zipOf({ ...images, [`red/${name}.png`]: images['red/0.png'] ?? Buffer.of() });
  const put = new PutObjectCommand({ Bucket: BUCKET, Key: `datasets/${name}.zip`, Body });
  for (;;) {
    try {
      await pipeline.s3.send(put);
      return;
    } catch (error) {
      expect(error).toMatchObject({ $metadata: { httpStatusCode: 507 } });
      expect(String(error)).toContain('The disk is full: ');
      await pause(50);
    }
  }
}

const stateOf = async (name: string) =>
  (await pipeline.allJobs().catch(() => [])).find((job) => job.name === name)?.progress;

async function published(name: string) {
  for (let waited = 0; waited < 25_000; waited += 50) {
    const progress = await stateOf(name);
    if (progress && FINAL.has(progress.state)) return progress;
    await pause(50);
  }
  return stateOf(name);
}

/** @returns the writes that a job made, and those that failed */
async function trainOnDiskFullFrom(n: number): Promise<{ counted: number; failed: number }> {
  const name = `pets-${n}`;
  disk.failFrom(n);
  const uploaded = upload(name);
  for (let waited = 0; waited < 15_000 && disk.counts().failed < 3; waited += 20) {
    if ((await stateOf(name))?.state === 'published') break;
    await pause(20);
  }
  await pause(300); // so that what is tried again fails again
  const counts = disk.counts();
  disk.makeRoom();
  await uploaded;
  expect({ n, progress: await published(name) }).toMatchObject({
    ...{ n, progress: { state: 'published' } },
  });
  return counts;
}

describe('a disk that becomes full at the n-th write of a job', () => {
  it('and has room again: the job is published once, nothing is torn, and the next one trains', {
    timeout: LONG,
  }, async () => {
    const { counted: writes } = await trainOnDiskFullFrom(1_000_000);
    const random = seededRandom('moments', 1);
    const all = Array.from({ length: writes }, (_, i) => i + 1);
    const step = writes / Number(MOMENTS);
    const some = Array.from({ length: Number(MOMENTS) }, (_, i) =>
      Math.min(writes, 1 + Math.floor((i + random()) * step)),
    );
    let failed = 0;
    for (const n of new Set(MOMENTS === 'all' ? all : some)) {
      const counts = await trainOnDiskFullFrom(n);
      failed += counts.failed > 0 ? 1 : 0;
    }
    expect(failed).toBeGreaterThan(5);

    const jobs = await pipeline.allJobs();
    const cards: string[] = [];
    for await (const { key } of pipeline.objects.list('students/'))
      if (key.endsWith('/student.json')) cards.push(key);
    expect(cards.sort()).toEqual(
      jobs.map(({ id, name }) => `students/${name}/${studentVersion(id)}/student.json`).sort(),
    );
    expect(pipeline.running()).toEqual([]);
    await pause(1_500);
    expect(pipeline.announced.map(({ student }) => student).sort()).toEqual(
      jobs.map(({ name }) => name).sort(),
    );
    const full = pipeline.said.filter((line) => line.startsWith('The disk is full: '));
    const room = pipeline.said.filter((line) => line.includes('can be written again'));
    expect(full.length).toBeGreaterThan(0);
    expect(room).toHaveLength(full.length);
    expect(pipeline.said).toHaveLength(2 * full.length);

    await pipeline.stop();
    const bucket = readBucket(join(folder, 'state', 's3', BUCKET));
    for await (const { key, size } of bucket.list('')) {
      expect([key, (await bucket.read(key))?.length]).toEqual([key, size]);
    }
    const left = await readdir(join(folder, 'state'), { recursive: true });
    expect(left.filter((file) => file.endsWith('.draft'))).toEqual([]);
  });
});
