import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CreateTrainingJobRequest,
  DeleteTrainingJobCommand,
  ListModelsCommand,
  ListTrainingJobsCommand,
  type ListTrainingJobsRequest,
  ResourceInUse,
  ResourceLimitExceeded,
  StopTrainingJobCommand,
} from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import { aJob, BUCKET, channel, runningS3, runningSageMaker, until } from './running-sagemaker.ts';

const post = (endpoint: string, target: string, body: string) =>
  fetch(endpoint, { method: 'POST', headers: { 'x-amz-target': target }, body });

const SEVERAL = {
  InstancePreferences: [
    { InstanceType: 'ml.g4dn.xlarge' as const },
    { InstanceType: 'ml.g5.xlarge' as const },
  ],
  InstanceCount: 1,
  VolumeSizeInGB: 1,
} satisfies CreateTrainingJobRequest['ResourceConfig'];

describe('DeleteTrainingJob', () => {
  it('deletes a job that has ended with all its files, and frees its name', async () => {
    const s3 = await runningS3();
    const { client, create, ended, describe, folder } = await runningSageMaker({
      s3: s3.client,
      stopGraceSeconds: 0.1,
    });
    const remove = () => client.send(new DeleteTrainingJobCommand({ TrainingJobName: 'once' }));
    await create('once', 'ignores-sigterm');
    await expect(remove()).rejects.toThrow(ResourceInUse);
    await client.send(new StopTrainingJobCommand({ TrainingJobName: 'once' }));
    await ended('once');
    await until(async () => remove().catch(() => undefined), 'the job to be deleted');

    expect(await readdir(join(folder, 'jobs'))).toEqual([]);
    await expect(describe('once')).rejects.toThrow('not found');
    await expect(remove()).rejects.toThrow('not found');
    await create('once', 'reports');
    await ended('once');
  });
});

describe('CreateTrainingJob', () => {
  it('refuses a used name, of a running job and of one that ended', async () => {
    const s3 = await runningS3();
    const { create, ended } = await runningSageMaker({ s3: s3.client });
    await create('once', 'fails');

    const inUse = create('once', 'reports');
    await expect(inUse).rejects.toThrow(ResourceInUse);
    await expect(inUse).rejects.toThrow(/^Training job names must be unique within an AWS account/);
    await ended('once');
    await expect(create('once', 'reports')).rejects.toThrow(ResourceInUse);
  });

  it('makes one job of many requests for one name at once', async () => {
    const s3 = await runningS3();
    const { create, heard, ended } = await runningSageMaker({ s3: s3.client });
    await s3.put('d/a');
    const InputDataConfig = [channel('train', `s3://${BUCKET}/d/`)];

    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => create('one', 'reports', { InputDataConfig })),
    );

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await ended('one');
    expect(heard('one')).toHaveLength(5);
  });

  it('refuses more jobs at once than it may run, and takes the next as soon as one has ended', async () => {
    const s3 = await runningS3();
    const { create, ended, stopJob } = await runningSageMaker({
      s3: s3.client,
      maxConcurrentJobs: 2,
      stopGraceSeconds: 0.1,
    });
    const outcomes = await Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((name) => create(name, 'ignores-sigterm')),
    );

    const refused = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason] : [],
    );
    expect(refused).toHaveLength(2);
    expect(refused[0]).toBeInstanceOf(ResourceLimitExceeded);
    expect(refused[0].message).toBe(
      "The account-level service limit 'ml.g4dn.xlarge for training job usage' is 2 Instances, with current utilization of 2 Instances and a request delta of 1 Instances.",
    );
    const first = outcomes.findIndex(({ status }) => status === 'fulfilled');
    await stopJob('abcd'.charAt(first));
    await ended('abcd'.charAt(first));
    await create('e', 'fails');
  });

  it('refuses data that are not there, as AWS does', async () => {
    const s3 = await runningS3();
    const { create, sageMaker } = await runningSageMaker({ s3: s3.client });
    const job = (uri: string, type?: 'ManifestFile') =>
      create('none', 'reports', { InputDataConfig: [channel('train', uri, type)] });

    for (const [uri, type] of [
      [`s3://${BUCKET}/nothing/`],
      [`s3://${BUCKET}/nothing`, 'ManifestFile'],
      ['s3://no-such-bucket/a'],
    ] as const) {
      await expect(job(uri, type)).rejects.toMatchObject({
        name: 'ValidationException',
        message: expect.stringMatching(
          /^No S3 objects found under S3 URL "s3:.*" given in input data source \(channel train\)/,
        ),
      });
    }
    expect(sageMaker.running()).toEqual([]);
    await s3.put('nothing/a');
    await job(`s3://${BUCKET}/nothing/`); // the name is still free
  });

  const output = { S3OutputPath: `s3://${BUCKET}/out` };
  const resources = aJob('a', 'reports').ResourceConfig;
  const algorithm = { TrainingImage: 'reports', TrainingInputMode: 'File' as const };
  it.each<[string, Partial<CreateTrainingJobRequest>, string]>([
    [
      'compressed output',
      { OutputDataConfig: { ...output, CompressionType: 'GZIP' } },
      'the local SageMaker gives uncompressed output only',
    ],
    [
      'the default, which is compressed',
      { OutputDataConfig: output },
      'the local SageMaker gives uncompressed output only',
    ],
    [
      'several instances',
      { ResourceConfig: { ...resources, InstanceCount: 2, VolumeSizeInGB: 1 } },
      'the local SageMaker is one machine: set InstanceCount to 1',
    ],
    [
      'pipes',
      { AlgorithmSpecification: { ...algorithm, TrainingInputMode: 'Pipe' } },
      'gives data as files',
    ],
    [
      'an unknown image',
      { AlgorithmSpecification: { ...algorithm, TrainingImage: 'other:1' } },
      'does not know the image other:1; it has reports,',
    ],
    [
      'a broken regular expression',
      { AlgorithmSpecification: { ...algorithm, MetricDefinitions: [{ Name: 'm', Regex: '(' }] } },
      'a group that captures the number',
    ],
    [
      'a regular expression without a group',
      {
        AlgorithmSpecification: {
          ...algorithm,
          MetricDefinitions: [{ Name: 'm', Regex: 'a=[0-9]' }],
        },
      },
      'a group that captures the number',
    ],
    [
      'a channel named like a way out',
      { InputDataConfig: [channel('..', `s3://${BUCKET}/a`)] },
      'is not a folder name',
    ],
    [
      'a channel named like a path',
      { InputDataConfig: [channel('a/b', `s3://${BUCKET}/a`)] },
      'must be letters',
    ],
    [
      'two channels of one name',
      { InputDataConfig: [channel('a', `s3://${BUCKET}/a`), channel('a', `s3://${BUCKET}/b`)] },
      'names a channel twice',
    ],
    [
      'an address that is not S3',
      { InputDataConfig: [channel('a', 'https://example.org/a')] },
      'is not s3://bucket/key',
    ],
    ['a name that is a path', { TrainingJobName: '../a' }, 'TrainingJobName'],
    ['no time at all', { StoppingCondition: { MaxRuntimeInSeconds: 0 } }, 'MaxRuntimeInSeconds'],
    [
      'a list of instance types for a spot job',
      { EnableManagedSpotTraining: true, ResourceConfig: SEVERAL },
      'InstancePreferences cannot be used with EnableManagedSpotTraining',
    ],
    [
      'a list of instance types beside one',
      { ResourceConfig: { ...SEVERAL, InstanceType: 'ml.g5.xlarge' } },
      'needs an InstanceType or InstancePreferences, and not both',
    ],
  ])('refuses %s', async (_, others, sentence) => {
    const s3 = await runningS3();
    const { create, sageMaker } = await runningSageMaker({ s3: s3.client });

    await expect(create('refused', 'reports', others)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(sentence),
    });
    expect(sageMaker.running()).toEqual([]);
  });

  it('names every problem of a request at once', async () => {
    const s3 = await runningS3();
    const { create } = await runningSageMaker({ s3: s3.client });

    const refused = create('-', 'reports', { OutputDataConfig: output });

    await expect(refused).rejects.toThrow(/CompressionType/);
    await expect(refused).rejects.toThrow(/TrainingJobName/);
  });
});

describe('the protocol', () => {
  it('does not know an unknown job', async () => {
    const s3 = await runningS3();
    const { describe: describeJob, stopJob } = await runningSageMaker({ s3: s3.client });

    for (const asked of [describeJob('nobody'), stopJob('nobody')]) {
      await expect(asked).rejects.toMatchObject({
        name: 'ValidationException',
        message: 'Requested resource not found.',
      });
    }
  });

  it('refuses an operation it does not have, by name', async () => {
    const s3 = await runningS3();
    const { client, endpoint } = await runningSageMaker({ s3: s3.client });

    await expect(client.send(new ListModelsCommand({}))).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: 'the local SageMaker has no ListModels',
    });
    const inherited = await post(endpoint, 'SageMaker.constructor', '{}');
    expect(await inherited.json()).toMatchObject({
      message: 'the local SageMaker has no constructor',
    });
  });

  it.each([
    'null',
    '[]',
    '"a"',
    '1',
    '{}',
    '{"TrainingJobName":1}',
    '{"TrainingJobName":{"a":1}}',
    'no JSON',
  ])('refuses the body %s', async (body) => {
    const s3 = await runningS3();
    const { endpoint } = await runningSageMaker({ s3: s3.client });

    for (const operation of ['CreateTrainingJob', 'DescribeTrainingJob', 'StopTrainingJob']) {
      const answer = await post(endpoint, `SageMaker.${operation}`, body);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({
        __type: expect.stringMatching(/Validation|Serialization/),
      });
    }
  });
});

describe('ListTrainingJobs', () => {
  async function withJobs() {
    const s3 = await runningS3();
    let second = 0;
    const now = () => new Date(Date.parse('2026-11-24T06:00:00Z') + 1000 * second++);
    const running = await runningSageMaker({ s3: s3.client, now, stopGraceSeconds: 0.1 });
    for (const name of ['b-1', 'a-2', 'c-3', 'A-4']) {
      await running.create(name, name === 'c-3' ? 'ignores-sigterm' : 'fails');
      if (name !== 'c-3') await running.ended(name);
    }
    const list = (request: ListTrainingJobsRequest = {}) =>
      running.client.send(new ListTrainingJobsCommand(request));
    const names = async (request?: ListTrainingJobsRequest) =>
      ((await list(request)).TrainingJobSummaries ?? []).map(
        ({ TrainingJobName }) => TrainingJobName,
      );
    return { ...running, list, names };
  }

  it('sorts by creation, name or status, either way', async () => {
    const { names } = await withJobs();

    expect(await names()).toEqual(['b-1', 'a-2', 'c-3', 'A-4']);
    expect(await names({ SortOrder: 'Descending' })).toEqual(['A-4', 'c-3', 'a-2', 'b-1']);
    expect(await names({ SortBy: 'Name' })).toEqual(['A-4', 'a-2', 'b-1', 'c-3']);
    expect(await names({ SortBy: 'Status', SortOrder: 'Descending' })).toEqual([
      'c-3',
      'b-1',
      'a-2',
      'A-4',
    ]);
  });

  it('finds by name, status and time', async () => {
    const { names, list, describe: describeJob } = await withJobs();
    await until(
      async () => (await describeJob('c-3')).SecondaryStatus === 'Training' || undefined,
      'Training',
    );

    expect(await names({ NameContains: '-' })).toHaveLength(4);
    expect(await names({ NameContains: 'a' })).toEqual(['a-2']);
    expect(await names({ StatusEquals: 'InProgress' })).toEqual(['c-3']);
    expect(await names({ StatusEquals: 'Failed', NameContains: '2' })).toEqual(['a-2']);
    const { CreationTime } = await describeJob('c-3');
    expect(await names({ CreationTimeAfter: CreationTime })).toEqual(['A-4']);
    expect(await names({ CreationTimeBefore: CreationTime })).toEqual(['b-1', 'a-2']);
    expect((await list({ NameContains: 'c-3' })).TrainingJobSummaries).toEqual([
      {
        TrainingJobName: 'c-3',
        TrainingJobArn: 'arn:aws:sagemaker:us-east-1:000000000000:training-job/c-3',
        TrainingJobStatus: 'InProgress',
        SecondaryStatus: 'Training',
        CreationTime,
        LastModifiedTime: expect.any(Date),
      },
    ]);
  });

  it('gives every job once, page by page, though others come in between', async () => {
    const { list, create } = await withJobs();
    const seen: (string | undefined)[] = [];

    let NextToken: string | undefined;
    do {
      const page = await list({
        MaxResults: 1,
        ...(NextToken && { NextToken }),
        SortOrder: 'Descending',
      });
      seen.push(...(page.TrainingJobSummaries ?? []).map(({ TrainingJobName }) => TrainingJobName));
      NextToken = page.NextToken;
      await create(`new-${seen.length}`, 'fails').catch(() => undefined);
    } while (NextToken);

    expect(seen).toEqual(['A-4', 'c-3', 'a-2', 'b-1']);
  });

  it('refuses a token it never gave, and a filter it does not have', async () => {
    const { list } = await withJobs();

    await expect(list({ NextToken: 'x' })).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(list({ MaxResults: 101 })).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(list({ WarmPoolStatusEquals: 'InUse' })).rejects.toThrow(/WarmPoolStatusEquals/);
  });
});
