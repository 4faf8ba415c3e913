import { describe, expect, it } from 'vitest';
import { sageMakerTraining } from '#lambdas/aws/training.ts';
import { NoCapacity } from '#ports';
import { anAcceptedJob, putInputs } from './launches.ts';
import { BUCKET, runningS3, runningSageMaker } from './running-sagemaker.ts';

const requestOf = (trainingJobName: string, id = 'a'.repeat(64)) => ({
  job: anAcceptedJob(id),
  trainingJobName,
  teacherChannel: 'teachers/tiny/',
  budget: { minutes: 7 },
  instanceTypes: ['ml.g4dn.xlarge'],
  spot: false,
  maxSpotWaitSeconds: 3600,
});

async function pipeline(image: string, maxConcurrentJobs = 2) {
  const s3 = await runningS3();
  await putInputs(s3);
  const running = await runningSageMaker({
    s3: s3.client,
    maxConcurrentJobs,
    stopGraceSeconds: 0.1,
  });
  const role = 'arn:aws:iam::000000000000:role/understudy-trainer';
  const settings = { image, role };
  return { s3, ...running, training: sageMakerTraining(settings, running.client) };
}

describe('the launcher of the pipeline, against the local SageMaker', () => {
  it('gives the trainer exactly the validated objects, and finds the output where Describe says', async () => {
    const { training, ended, s3 } = await pipeline('reports');

    await training.start(requestOf('understudy-pets-a1'));
    await ended('understudy-pets-a1');

    const seen = await training.describe('understudy-pets-a1');
    const artifacts = `s3://${BUCKET}/jobs/${'a'.repeat(64)}/output/understudy-pets-a1/output/model/`;
    const usage = { instanceType: 'ml.g4dn.xlarge', billedSeconds: expect.any(Number) };
    expect(seen).toEqual({
      jobId: 'a'.repeat(64),
      endedAt: expect.any(String),
      observation: {
        type: 'training-completed',
        trainingJobName: 'understudy-pets-a1',
        artifacts,
        ...usage,
      },
    });
    const report = JSON.parse(
      await s3.get(`${artifacts.replace(`s3://${BUCKET}/`, '')}report.json`),
    );
    const data = Object.keys(report.files).filter((name) => name.startsWith('input/data/'));
    expect(data.sort()).toEqual([
      'input/data/dataset/datasets/pets.zip',
      'input/data/manifest/manifest.jsonl',
      'input/data/recipe/recipe.json',
      'input/data/teacher/group1-shard1of1.bin',
      'input/data/teacher/model.json',
    ]);
    expect(JSON.parse(report.files['input/config/hyperparameters.json'])).toMatchObject({
      job_id: 'a'.repeat(64),
      student: 'pets',
      student_version: 'a'.repeat(12),
    });
  });

  it('takes a used name for its own earlier try, and for a theft when another job bears it', async () => {
    const { training, sageMaker } = await pipeline('ignores-sigterm');
    await training.start(requestOf('understudy-pets-a1'));

    await training.start(requestOf('understudy-pets-a1'));

    expect(sageMaker.running()).toEqual(['understudy-pets-a1']);
    await expect(training.start(requestOf('understudy-pets-a1', 'b'.repeat(64)))).rejects.toThrow(
      'is taken',
    );
  });

  it('waits when as many train as may', async () => {
    const { training } = await pipeline('ignores-sigterm', 1);
    await training.start(requestOf('understudy-pets-a1'));

    const second = training.start(requestOf('understudy-pets-a2'));

    await expect(second).rejects.toThrow(NoCapacity);
    await expect(second).rejects.toMatchObject({ waitingFor: 'quota' });
  });

  it('sees a job run, and sees it stopped; stopping it again does nothing', async () => {
    const { training, ended } = await pipeline('ignores-sigterm');
    await training.start(requestOf('understudy-pets-a1'));
    expect(await training.describe('understudy-pets-a1')).toMatchObject({
      observation: { type: 'training-running' },
    });

    await training.stop('understudy-pets-a1');
    await ended('understudy-pets-a1');
    await training.stop('understudy-pets-a1');

    expect(await training.describe('understudy-pets-a1')).toMatchObject({
      observation: { type: 'training-failed', code: 'STOPPED' },
    });
  });

  it('reads the trainer’s own reason out of a failure', async () => {
    const { training, ended, create } = await pipeline('fails');
    await training.start(requestOf('understudy-pets-a1'));
    const reason = 'DATA_CHANGED: cats/1.png is not the validated one';
    await create('understudy-pets-a2', 'fails-with-reason', { HyperParameters: { reason } });
    await ended('understudy-pets-a1');
    await ended('understudy-pets-a2');

    expect(await training.describe('understudy-pets-a1')).toMatchObject({
      observation: { code: 'TRAINER_CRASHED' },
    });
    expect(await training.describe('understudy-pets-a2')).toMatchObject({
      observation: {
        type: 'training-failed',
        code: 'DATA_CHANGED',
        what: 'cats/1.png is not the validated one',
      },
    });
  });

  it('knows no job that was never created', async () => {
    const { training } = await pipeline('reports');

    expect(await training.describe('understudy-nobody-a1')).toBeUndefined();
  });
});
