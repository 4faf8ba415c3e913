import { Readable } from 'node:stream';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import type { Dataset } from '#cli/open-dataset.ts';
import { startJob } from '#cli/start-job.ts';
import { studentVersion } from '#core/identity.ts';
import { type Job, receive } from '#core/job.ts';
import { studentKeys } from '#core/keys.ts';
import { memoryJobs } from '#examples/in-memory-ports.ts';
import { s3Objects } from '#lambdas/aws/objects.ts';
import { BUCKET } from '#test/local/s3/bucket-name.ts';
import { runningS3 } from '#test/local/s3/running-s3.ts';
import { anUpload, noon } from '#test/uploads.ts';

const dataset: Dataset = {
  name: 'pets',
  recipe: undefined,
  open: () => Readable.from([Buffer.from('a zip')]),
};

/** A pipeline on which nothing moves, and its user's way to start a job on it. */
async function aPipeline() {
  const { client: s3 } = await runningS3({ client: { forcePathStyle: true } });
  const jobs = memoryJobs();
  const pipeline = { s3, bucket: BUCKET, objects: s3Objects(BUCKET, s3), jobs };
  const notices: string[] = [];
  const start = (now: string, force?: boolean) =>
    startJob(pipeline, dataset, { now, force }, { onNotice: (each) => notices.push(each) });
  /** Ends a job as published, with its student in the bucket. */
  async function publish(id: string): Promise<Job> {
    const version = studentVersion(id);
    const job: Job = {
      ...receive(anUpload({ id, bucket: BUCKET }), noon),
      progress: { state: 'published', version, number: 1, accuracy: 0.9, interval95: [0.8, 0.95] },
    };
    await jobs.save(job);
    await pipeline.objects.write(cardOf(id), '{}', 'application/json');
    return job;
  }
  const remove = (Key: string) => s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
  return { start, publish, notices, remove };
}

const cardOf = (id: string): string => studentKeys('pets', studentVersion(id)).card;

it('shows a dataset that was processed before, unless it is to be trained again', async () => {
  const { start, publish, notices } = await aPipeline();
  const first = await start('Monday');
  await publish(first);
  expect(notices).toEqual([]);

  expect(await start('Tuesday')).toBe(first);
  expect(notices).toEqual([expect.stringMatching(/as pets v1 \(\w+\); showing that result\./)]);

  const second = await start('Wednesday', true);
  expect(second).not.toBe(first);
  expect(notices).toHaveLength(1);
  expect(await start('Wednesday', true)).toBe(second); // repeated, when a pipeline has stopped
});

it('trains a dataset again whose student was removed, once', async () => {
  const { start, publish, notices, remove } = await aPipeline();
  const first = await start('Monday');
  await publish(first);
  await remove(cardOf(first));

  const second = await start('Tuesday');

  expect(second).not.toBe(first);
  expect(notices).toEqual([
    'This dataset was processed before, but its student was removed; training it again.',
  ]);
  await publish(second);
  expect(await start('Wednesday')).toBe(second);
});
