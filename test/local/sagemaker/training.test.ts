import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  BUCKET,
  channel,
  isRunning,
  runningS3,
  runningSageMaker,
  until,
} from './running-sagemaker.ts';

describe('a training job', () => {
  it('walks from Starting to Completed, and leaves the model uncompressed below its output', async () => {
    const s3 = await runningS3();
    const { create, ended, heard } = await runningSageMaker({ s3: s3.client });

    await create('walk', 'reports', { HyperParameters: { job_id: 'abc' } });
    const job = await ended('walk');

    expect(job).toMatchObject({
      TrainingJobName: 'walk',
      TrainingJobArn: 'arn:aws:sagemaker:us-east-1:000000000000:training-job/walk',
      TrainingJobStatus: 'Completed',
      SecondaryStatus: 'Completed',
      HyperParameters: { job_id: 'abc' },
      ModelArtifacts: { S3ModelArtifacts: `s3://${BUCKET}/out/walk/output/model/` },
      StoppingCondition: { MaxRuntimeInSeconds: 600 },
    });
    expect(job.FailureReason).toBeUndefined();
    expect(await s3.keys('out/')).toEqual([
      'out/walk/output/data/extra.txt',
      'out/walk/output/model/report.json',
    ]);
    const steps = ['Starting', 'Downloading', 'Training', 'Uploading'];
    expect(job.SecondaryStatusTransitions?.map(({ Status }) => Status)).toEqual([
      ...steps,
      'Completed',
    ]);
    expect(heard('walk')).toEqual([
      ...steps.map((step) => `InProgress ${step}`),
      'Completed Completed',
    ]);
  });

  it('says when each step began and ended, and how long the whole took', async () => {
    const s3 = await runningS3();
    const { create, ended } = await runningSageMaker({ s3: s3.client });

    await create('times', 'counts', { HyperParameters: { to: '30' } }); // 0.6 s at least
    const job = await ended('times');

    const transitions = job.SecondaryStatusTransitions ?? [];
    const times = transitions.flatMap(({ StartTime, EndTime }) => [
      Number(StartTime),
      Number(EndTime),
    ]);
    expect(times).toEqual([...times].sort((one, other) => one - other));
    expect(times.every(Number.isFinite)).toBe(true);
    expect(transitions.every(({ StatusMessage }) => StatusMessage)).toBe(true);
    expect(Number(job.CreationTime)).toBe(times[0]);
    expect(Number(job.TrainingStartTime)).toBe(times[2]);
    expect(Number(job.TrainingEndTime)).toBe(times.at(-1));
    expect(Number(job.LastModifiedTime)).toBe(times.at(-1));
    expect(Math.abs(Date.now() - Number(job.CreationTime))).toBeLessThan(60_000); // seconds on the wire, not milliseconds
    expect(job.BillableTimeInSeconds).toBeGreaterThanOrEqual(1);
    expect(job.TrainingTimeInSeconds).toBe(job.BillableTimeInSeconds);
  });

  it('gives the trainer all of /opt/ml, its name and its environment, and nothing else of this process', async () => {
    const s3 = await runningS3();
    await s3.put('data/a.txt', 'A');
    process.env.AWS_SECRET_ACCESS_KEY = 'secret';
    process.env.NODE_OPTIONS = '';
    const { create, ended } = await runningSageMaker({ s3: s3.client });

    await create('layout', 'reports', {
      HyperParameters: { rate: '0.1' },
      Environment: { SEED: '7' },
      InputDataConfig: [{ ...channel('train', `s3://${BUCKET}/data/`), ContentType: 'text/plain' }],
    });
    await ended('layout');

    const report = JSON.parse(await s3.get('out/layout/output/model/report.json'));
    const files = Object.fromEntries(
      Object.entries(report.files as Record<string, string>).map(([name, text]) => [
        name,
        name.endsWith('.json') ? JSON.parse(text) : text,
      ]),
    );
    expect(files).toEqual({
      'input/config/hyperparameters.json': { rate: '0.1' },
      'input/config/inputdataconfig.json': {
        train: {
          ContentType: 'text/plain',
          TrainingInputMode: 'File',
          S3DistributionType: 'FullyReplicated',
          RecordWrapperType: 'None',
        },
      },
      'input/config/resourceconfig.json': expect.objectContaining({
        current_host: 'algo-1',
        hosts: ['algo-1'],
        network_interface_name: 'lo',
      }),
      'input/data/train/a.txt': 'A',
    });
    expect(report.folders).toEqual([
      'checkpoints',
      'input',
      'input/config',
      'input/data',
      'input/data/train',
      'model',
      'output',
      'output/data',
    ]);
    const { environment } = report;
    expect(environment).toMatchObject({
      SEED: '7',
      TRAINING_JOB_NAME: 'layout',
      TRAINING_JOB_ARN: 'arn:aws:sagemaker:us-east-1:000000000000:training-job/layout',
      PATH: process.env.PATH,
    });
    const known = [
      'SEED',
      'TRAINING_JOB_NAME',
      'TRAINING_JOB_ARN',
      'ML_FOLDER',
      'PATH',
      'HOME',
      'TMPDIR',
      'LANG',
      'LC_ALL',
      'TZ',
      'USER',
    ];
    expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([]);
  });

  it('tells the start of the failure file and the exit code when the trainer fails', async () => {
    const s3 = await runningS3();
    const { create, ended, heard } = await runningSageMaker({ s3: s3.client });
    const reason = `DATA_CHANGED: ${'x'.repeat(2000)}`;

    await create('long', 'fails-with-reason', { HyperParameters: { reason } });
    await create('short', 'fails-with-reason', {
      HyperParameters: { reason: 'OUT_OF_MEMORY: é\n' },
    });
    await create('none', 'fails');

    const [long, short, none] = [await ended('long'), await ended('short'), await ended('none')];
    expect(long.FailureReason).toBe(`AlgorithmError: ${reason.slice(0, 1024)}, exit code: 3`);
    expect(short.FailureReason).toBe('AlgorithmError: OUT_OF_MEMORY: é, exit code: 3');
    expect(none.FailureReason).toBe('AlgorithmError: , exit code: 7');
    expect([none.TrainingJobStatus, none.SecondaryStatus]).toEqual(['Failed', 'Failed']);
    expect(none.ModelArtifacts).toBeUndefined();
    expect(heard('none').at(-1)).toBe('Failed Failed');
    expect(await s3.keys('out/')).toEqual([]);
  });

  it('says that a command is not there', async () => {
    const s3 = await runningS3();
    const images = new Map([['missing', { command: '/no/such/program', args: [] }]]);
    const { create, ended } = await runningSageMaker({ s3: s3.client, images });

    await create('missing', 'missing');

    expect((await ended('missing')).FailureReason).toMatch(
      /^AlgorithmError: \/no\/such\/program cannot be started: .*ENOENT, exit code: 127$/,
    );
  });

  it('says that a value cannot be given to a program', async () => {
    const s3 = await runningS3();
    const { create, ended } = await runningSageMaker({ s3: s3.client });

    await create('null', 'reports', { Environment: { A: 'a\0b' } });

    expect((await ended('null')).FailureReason).toMatch(/without null bytes.*, exit code: 127$/s);
  });

  it('counts a signal as Docker does, when the trainer is killed from outside', async () => {
    const s3 = await runningS3();
    const { create, ended, lines } = await runningSageMaker({ s3: s3.client });
    await create('killed', 'ignores-sigterm');
    const pid = await pidFrom(lines);

    process.kill(pid, 'SIGKILL');

    expect((await ended('killed')).FailureReason).toBe('AlgorithmError: , exit code: 137');
  });

  it('fails, and leaves nothing running, when what stands between it and the trainer is killed alone', async () => {
    const s3 = await runningS3();
    const { create, ended, lines, folder } = await runningSageMaker({ s3: s3.client });
    await create('alone', 'ignores-sigterm');
    const pid = await pidFrom(lines);
    const record = JSON.parse(readFileSync(join(folder, 'jobs', 'alone', 'record.json'), 'utf8'));

    process.kill(record.processes[0].pid, 'SIGKILL');

    expect((await ended('alone')).FailureReason).toBe('AlgorithmError: , exit code: 137');
    expect(isRunning(pid)).toBe(false);
  });

  it('keeps every line of both streams, in their order, and reads the last value of each metric', async () => {
    const s3 = await runningS3();
    const { create, ended, lines, log } = await runningSageMaker({ s3: s3.client });
    const number = '([0-9.eE+-]+)';

    await create('metrics', 'prints-metrics', {
      AlgorithmSpecification: {
        TrainingImage: 'prints-metrics',
        TrainingInputMode: 'File',
        MetricDefinitions: [
          { Name: 'train:loss', Regex: `train_loss=${number}` },
          { Name: 'validation:accuracy', Regex: `validation_accuracy=${number}` },
          { Name: 'test:accuracy', Regex: `test_accuracy=${number}` },
        ],
      },
    });
    const job = await ended('metrics');

    expect(job.FinalMetricDataList).toEqual([
      { MetricName: 'train:loss', Value: -0.125, Timestamp: expect.any(Date) },
      { MetricName: 'validation:accuracy', Value: 0.75, Timestamp: expect.any(Date) },
    ]);
    expect(lines.map((line) => line.split(' ')[0])).toEqual([
      'epoch=1',
      'epoch=2',
      'epoch=3',
      'last',
    ]);
    expect(log('metrics')).toBe(`${lines.join('\n')}`);
  });

  it('removes what it worked with when it has ended, and keeps its record and log', async () => {
    const s3 = await runningS3();
    await s3.put('data/a.txt');
    const { create, ended, folder } = await runningSageMaker({ s3: s3.client });

    await create('clean', 'prints-metrics', {
      InputDataConfig: [channel('train', `s3://${BUCKET}/data/`)],
    });
    await ended('clean');

    const files = () => readdir(join(folder, 'jobs', 'clean'));
    await until(async () => (await files()).length === 2 || undefined, 'the work folder to go');
    expect((await files()).sort()).toEqual(['log.txt', 'record.json']);
  });

  it('ends what the trainer left running', async () => {
    const s3 = await runningS3();
    const { create, ended, lines } = await runningSageMaker({ s3: s3.client });

    await create('leaves', 'leaves-a-child');
    const job = await ended('leaves');

    expect(job.TrainingJobStatus).toBe('Completed');
    expect(isRunning(Number(lines[0]?.split(' ')[1]))).toBe(false);
  });

  it('carries on when the bus or the listener of lines throws', async () => {
    const s3 = await runningS3();
    const throws = () => {
      throw new Error('listener');
    };
    const { create, ended, errors } = await runningSageMaker({
      s3: s3.client,
      publish: throws,
      onLog: throws,
    });

    await create('deaf', 'prints-metrics');

    expect((await ended('deaf')).TrainingJobStatus).toBe('Completed');
    expect(errors).toContainEqual(new Error('listener'));
  });

  it('tells the bus of a change in the shape of SageMaker', async () => {
    const s3 = await runningS3();
    const { create, ended, events } = await runningSageMaker({ s3: s3.client });

    await create('event', 'fails', {
      HyperParameters: { a: '1' },
      Tags: [{ Key: 'project', Value: 'p' }],
    });
    await ended('event');

    expect(events.at(-1)).toEqual({
      source: 'aws.sagemaker',
      'detail-type': 'SageMaker Training Job State Change',
      account: '000000000000',
      region: 'us-east-1',
      resources: ['arn:aws:sagemaker:us-east-1:000000000000:training-job/event'],
      detail: expect.objectContaining({
        TrainingJobName: 'event',
        TrainingJobArn: 'arn:aws:sagemaker:us-east-1:000000000000:training-job/event',
        TrainingJobStatus: 'Failed',
        SecondaryStatus: 'Failed',
        FailureReason: 'AlgorithmError: , exit code: 7',
        HyperParameters: { a: '1' },
        Tags: { project: 'p' },
        CreationTime: expect.any(Number),
      }),
    });
    const times = events.map(({ detail }) => (detail as { CreationTime: number }).CreationTime);
    expect(Math.abs(Date.now() - Number(times.at(-1)))).toBeLessThan(60_000); // milliseconds here
  });
});

describe('stopping a training job', () => {
  it('lets the trainer end in its own way, and uploads what it left', async () => {
    const s3 = await runningS3();
    const { create, ended, stopJob, lines, heard } = await runningSageMaker({ s3: s3.client });
    await create('stop', 'counts', { HyperParameters: { to: '100000' } });
    await until(() => lines.length > 3 || undefined, 'some steps');

    await stopJob('stop');
    const job = await ended('stop');

    expect([job.TrainingJobStatus, job.SecondaryStatus]).toEqual(['Stopped', 'Stopped']);
    expect(job.ModelArtifacts?.S3ModelArtifacts).toBe(`s3://${BUCKET}/out/stop/output/model/`);
    const { step } = JSON.parse(await s3.get('out/stop/output/model/count.json'));
    expect(step).toBeGreaterThan(2);
    expect(heard('stop').slice(-2)).toEqual(['Stopping Stopping', 'Stopped Stopped']);
  });

  it('kills a trainer that ignores it after the grace period', async () => {
    const s3 = await runningS3();
    const { create, ended, stopJob, lines } = await runningSageMaker({
      s3: s3.client,
      stopGraceSeconds: 0.5,
    });
    await create('stubborn', 'ignores-sigterm');
    const pid = await pidFrom(lines);

    const asked = Date.now();
    await stopJob('stubborn');
    await stopJob('stubborn'); // once more is no mistake
    const job = await ended('stubborn');

    expect([job.TrainingJobStatus, job.SecondaryStatus]).toEqual(['Stopped', 'Stopped']);
    expect(Date.now() - asked).toBeGreaterThanOrEqual(500);
    expect(lines).toContain('not now');
    expect(isRunning(pid)).toBe(false);
    expect(job.ModelArtifacts).toBeUndefined(); // it left nothing
  });

  it('ends a job that runs for longer than it may', async () => {
    const s3 = await runningS3();
    const { create, ended } = await runningSageMaker({ s3: s3.client });

    await create('slow', 'counts', {
      HyperParameters: { to: '100000' },
      StoppingCondition: { MaxRuntimeInSeconds: 1 },
    });
    const job = await ended('slow');

    expect([job.TrainingJobStatus, job.SecondaryStatus]).toEqual(['Stopped', 'MaxRuntimeExceeded']);
    expect(job.BillableTimeInSeconds).toBeGreaterThanOrEqual(1);
    expect(await s3.keys('out/slow/')).toEqual(['out/slow/output/model/count.json']);
  });

  it('ends a spot job that waits for longer than it may', async () => {
    const s3 = await runningS3();
    const { create, ended } = await runningSageMaker({ s3: s3.client, stopGraceSeconds: 0.1 });

    await create('waits', 'ignores-sigterm', {
      EnableManagedSpotTraining: true,
      StoppingCondition: { MaxRuntimeInSeconds: 600, MaxWaitTimeInSeconds: 1 },
    });

    expect((await ended('waits')).SecondaryStatus).toBe('MaxWaitTimeExceeded');
  });

  it('is refused for a job that has ended, in the words of AWS', async () => {
    const s3 = await runningS3();
    const { create, ended, stopJob } = await runningSageMaker({ s3: s3.client });
    await create('over', 'fails');
    await ended('over');

    await expect(stopJob('over')).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'The request was rejected because the training job is in status Failed.',
    });
  });

  it('may come before the trainer has begun', async () => {
    const s3 = await runningS3();
    const { create, ended, stopJob, folder, sageMaker, heard } = await runningSageMaker({
      s3: s3.client,
    });

    await create('early', 'ignores-sigterm');
    await stopJob('early');
    const job = await ended('early');
    await sageMaker.idle();

    expect(job.SecondaryStatus).toBe('Stopped');
    expect(heard('early').slice(-2)).toEqual(['Stopping Stopping', 'Stopped Stopped']);
    expect(existsSync(join(folder, 'jobs', 'early', 'ml'))).toBe(false);
    expect(sageMaker.running()).toEqual([]);
  });
});

/** The trainers print their number on their first line. */
async function pidFrom(lines: readonly string[]): Promise<number> {
  await until(() => lines.length > 0 || undefined, 'the first line');
  return Number(lines[0]?.split(' ').at(-1));
}
