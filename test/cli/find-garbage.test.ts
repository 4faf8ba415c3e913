import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectTo, type Pipeline } from '#cli/connect.ts';
import { findGarbage } from '#cli/find-garbage.ts';
import { advance, type Job, type Observation, receive } from '#core/job.ts';
import { jobKeys } from '#core/keys.ts';
import { createStoredJob } from '#local/sagemaker/job-store.ts';
import { enter, newRecord } from '#local/sagemaker/record.ts';
import { CreateTrainingJobRequest } from '#local/sagemaker/requests.ts';
import { startPipeline } from '#local/start-pipeline.ts';
import { aJob as aTraining } from '#test/local/sagemaker/running-sagemaker.ts';
import { anUpload } from '#test/uploads.ts';

const now = new Date();
const daysAgo = (days: number) => new Date(now.getTime() - days * 24 * 3600 * 1000);
let folder: string;
let pipeline: Pipeline;
let stop: () => Promise<void>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-prune-'));
  vi.stubEnv('UNDERSTUDY_STATE', folder);
  const quiet = () => undefined;
  const started = await startPipeline({
    folder,
    port: 0,
    storageOnly: true,
    loseEvents: false,
    sweepEverySeconds: 5,
    report: quiet,
    onRow: quiet,
    onTrainingLine: quiet,
    onAnnouncement: quiet,
  });
  pipeline = connectTo(started.endpoint);
  stop = started.stop;
});
afterEach(async () => {
  await stop();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const run = { trainingJobName: 'understudy-pets-a1' };
const VALIDATED: Observation = {
  type: 'dataset-validated',
  summary: { classes: 2, examples: 10, manifestSha256: 'm', recipeSha256: 'r' },
};
const LAUNCHED: Observation = { type: 'launch-started', ...run };
const RUNNING: Observation = { type: 'training-running', ...run };
const COMPLETED: Observation = { type: 'training-completed', artifacts: 's3://b/k/', ...run };
const FAILED: Observation = {
  type: 'training-failed',
  code: 'X',
  what: 'It failed.',
  remedy: 'Retry.',
  ...run,
};
const PUBLISHED: Observation = {
  type: 'student-published',
  version: 'v',
  accuracy: 1,
  interval95: [1, 1],
};

/** Saves a job that has observed all this, with an output, a checkpoint and a report. */
async function aJob(letter: string, at: Date, ...observations: Observation[]): Promise<Job> {
  const upload = {
    id: letter.repeat(64),
    name: `pets-${letter}`,
    dataset: `datasets/pets-${letter}.zip`,
    recipeKey: `datasets/pets-${letter}.json`,
    uploadedAt: at.toISOString(),
  };
  let job = receive(anUpload(upload), at);
  await pipeline.jobs.save(job);
  for (const observation of observations) {
    job = advance(job, observation, at);
    await pipeline.jobs.save(job);
  }
  const keys = jobKeys(job.id);
  await pipeline.objects.write(`${keys.output}x/model/weights.bin`, 'output', 'text/plain');
  await pipeline.objects.write(`${keys.checkpoints}features-1/0.f32`, 'checkpoint', 'text/plain');
  await pipeline.objects.write(keys.report, 'report', 'text/plain');
  return job;
}

/** The record of a training of a job on this machine. */
async function aRecord(jobId: string, hasEnded: boolean): Promise<void> {
  const HyperParameters = { job_id: jobId };
  const request = aTraining(`training-${jobId[0]}`, 'image', { HyperParameters });
  const begun = newRecord(CreateTrainingJobRequest.parse(request), now);
  const record = hasEnded ? enter(begun, 'Completed', now) : begun;
  await createStoredJob(join(folder, 'sagemaker', 'jobs'), record, () => undefined);
}

const find = (all = false, at = now) => findGarbage(pipeline, { all, isLocal: true, now: at });

async function prune(all = false): Promise<void> {
  for (const { remove } of await find(all)) await remove();
}

/** The jobs, by the first letter of their id, that still have something below a folder of theirs. */
async function jobsWith(part: 'output' | 'checkpoints' | 'report'): Promise<string> {
  const letters = new Set<string>();
  for await (const { key } of pipeline.objects.list('jobs/')) {
    if (key.split('/')[2]?.startsWith(part)) letters.add(key['jobs/'.length] ?? '');
  }
  return [...letters].join('');
}

describe('pruning', () => {
  beforeEach(async () => {
    await aJob('a', now, VALIDATED, LAUNCHED, RUNNING, COMPLETED, PUBLISHED);
    await aJob('b', now, VALIDATED, LAUNCHED, RUNNING);
    await aJob('c', now, VALIDATED, LAUNCHED, RUNNING, { type: 'cancel-requested' });
    await aJob('d', now, VALIDATED, LAUNCHED, RUNNING, { type: 'cancel-requested' }, FAILED);
    await aJob('e', now, VALIDATED, LAUNCHED, RUNNING, FAILED);
    await aJob('f', daysAgo(8), VALIDATED, LAUNCHED, RUNNING, FAILED);
  });

  it('takes the outputs and checkpoints of jobs that have ended, and of older failures', async () => {
    const found = await find();
    expect(new Set(found.map(({ kind }) => kind))).toEqual(
      new Set(['training outputs', 'checkpoints and features']),
    );
    expect(found.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(
      3 * ('output'.length + 'checkpoint'.length),
    );
    expect(found.flatMap(({ loss }) => loss ?? []).sort()).toEqual([
      '"pets-d" (dddddddddddd, cancelled): a retry trains from the beginning.',
      '"pets-f" (ffffffffffff, failed): a retry trains from the beginning.',
    ]);

    await prune();

    // Kept: b trains, the training of c has not ended yet, e failed just now.
    expect(await jobsWith('output')).toBe('bce');
    expect(await jobsWith('checkpoints')).toBe('bce');
    expect(await jobsWith('report')).toBe('abcdef');
    expect(await find()).toEqual([]);
  });

  it('takes those of every failure if it is told to', async () => {
    await prune(true);

    expect(await jobsWith('output')).toBe('bc');
    expect(await jobsWith('checkpoints')).toBe('bc');
  });

  it('leaves a job alone that is retried after the look', async () => {
    const found = await find(true);
    const job = await pipeline.jobs.load('e'.repeat(64));
    if (!job) throw new Error('there is no job');
    await pipeline.jobs.save(advance(job, { type: 'retry-requested' }, now));
    for (const { remove } of found) await remove();

    expect(await jobsWith('checkpoints')).toBe('bce');
  });

  it('deletes the records of trainings of which no open job needs to know', async () => {
    for (const letter of 'abcef') await aRecord(letter.repeat(64), true);
    await aRecord('0'.repeat(64), true); // of a job that was removed
    await aRecord('1'.repeat(64), false);

    await prune();

    const left = await readdir(join(folder, 'sagemaker', 'jobs'));
    expect(left.sort()).toEqual(['training-1', 'training-b', 'training-c', 'training-e']);
  });

  it('aborts uploads of which no part has come for a day, and only ours', async () => {
    const { s3, bucket: Bucket } = pipeline;
    for (const Key of ['datasets/pets.zip', 'somebody-elses/file']) {
      const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      const part = { Bucket, Key, UploadId, PartNumber: 1, Body: 'x'.repeat(1_000) };
      await s3.send(new UploadPartCommand(part));
    }
    const uploads = async (at: Date) =>
      (await find(false, at)).filter(({ kind }) => kind === 'unfinished uploads');

    expect(await uploads(now)).toEqual([]);
    const found = await uploads(daysAgo(-2));
    expect(found).toMatchObject([{ files: 1, bytes: 1_000 }]);
    for (const { remove } of [...found, ...found]) await remove();

    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
    expect(Uploads.map(({ Key }) => Key)).toEqual(['somebody-elses/file']);
  });
});
