import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { canMount, smallDisk } from '../small-disk.ts';
import { BUCKET, runningS3, runningSageMaker } from './running-sagemaker.ts';

const channels = (name: string) => [
  {
    ChannelName: 'data',
    DataSource: {
      S3DataSource: { S3DataType: 'S3Prefix' as const, S3Uri: `s3://${BUCKET}/${name}/` },
    },
  },
];

it.skipIf(!canMount)('refuses a job whose data does not fit, as for lack of capacity', async () => {
  const disk = smallDisk(16);
  const s3 = await runningS3();
  await s3.put('large/a', 'x'.repeat(12_000_000));
  const { create } = await runningSageMaker({ s3: s3.client, folder: disk.folder });

  await expect(
    create('job', 'reports', { InputDataConfig: channels('large') }),
  ).rejects.toMatchObject({
    name: 'CapacityError',
    message: expect.stringMatching(
      /^The disk is full: .* has 1\d MB free, and 21 MB are needed\. /,
    ),
  });
});

it.skipIf(!canMount)(
  'ends a job that fills the disk, frees its slot, and asks for more room at the next try',
  async () => {
    const disk = smallDisk(24);
    mkdirSync(join(disk.folder, 'jobs'));
    const s3 = await runningS3();
    await s3.put('small/a', 'x'.repeat(3_000_000));
    const { create, ended, sageMaker } = await runningSageMaker({
      s3: s3.client,
      folder: disk.folder,
      maxConcurrentJobs: 1,
    });
    const CheckpointConfig = { S3Uri: `s3://${BUCKET}/checkpoints/` };
    const others = { InputDataConfig: channels('small'), CheckpointConfig };

    await create('first', 'fills-the-disk', others);
    const first = await ended('first');
    await sageMaker.idle();

    expect(first.TrainingJobStatus).toBe('Failed');
    expect(first.FailureReason).toMatch(/^CapacityError: The disk is full: /);
    await expect(create('second', 'fills-the-disk', others)).rejects.toMatchObject({
      name: 'CapacityError',
      message: expect.stringMatching(/MB are needed/),
    });
    await create('another', 'reports', { InputDataConfig: channels('small') });
    expect((await ended('another')).TrainingJobStatus).toBe('Completed');
  },
);

it.skipIf(!canMount)(
  'stops a job although the disk is full, and records that as soon as it can',
  async () => {
    const disk = smallDisk(16);
    const s3 = await runningS3();
    const { create, describe, ended, stopJob, lines } = await runningSageMaker({
      s3: s3.client,
      folder: disk.folder,
      stopGraceSeconds: 0.2,
    });
    await create('job', 'ignores-sigterm');
    await expect.poll(() => lines.length).toBeGreaterThan(0);

    disk.fill();
    await stopJob('job').catch(() => undefined); // it cannot be saved yet
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    disk.free();

    expect((await ended('job')).TrainingJobStatus).toBe('Stopped');
    expect((await describe('job')).SecondaryStatus).toBe('Stopped');
  },
);
