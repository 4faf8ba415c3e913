import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateTrainingJobCommand,
  DescribeTrainingJobCommand,
  ResourceInUse,
  ResourceLimitExceeded,
  SageMakerClient,
  SageMakerServiceException,
  StopTrainingJobCommand,
} from '@aws-sdk/client-sagemaker';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { advance, receive } from '#core/job.ts';
import { eventBridgeAnnouncer } from '#lambdas/aws/announcer.ts';
import { sageMakerTraining } from '#lambdas/aws/training.ts';
import { NoCapacity } from '#ports';

const sageMaker = mockClient(SageMakerClient);
const events = mockClient(EventBridgeClient);
const training = sageMakerTraining({
  image: 'i@sha256:0',
  role: 'arn:aws:iam::1:role/t',
  spot: true,
});
const noon = new Date('2026-11-24T12:00:00.000Z');
const id = 'a'.repeat(64);
const job = advance(
  receive(
    {
      id,
      bucket: 'b',
      name: 'pets',
      dataset: 'datasets/pets.zip',
      form: 'archive',
      seal: 's',
      recipeHash: 'r',
      recipeKey: 'k',
      uploadedAt: noon.toISOString(),
    },
    noon,
  ),
  {
    type: 'dataset-validated',
    summary: { classes: [], examples: 10, manifestSha256: 'm', recipeSha256: 'r' },
  },
  noon,
);
const request = {
  job,
  trainingJobName: 'understudy-pets-a1',
  teacher: 'efficientnet-lite0',
  budget: { minutes: 7 },
  instanceTypes: ['ml.g4dn.xlarge', 'ml.g5.xlarge'],
};
const oops = { message: 'The account-level service limit is 0 Instances', $metadata: {} };
const validation = (message: string) =>
  new SageMakerServiceException({
    name: 'ValidationException',
    $fault: 'client',
    $metadata: {},
    message,
  });

beforeEach(() => {
  sageMaker.reset();
  events.reset();
});

describe('starting a training job', () => {
  it('asks for an isolated job of exactly these objects, with a time limit', async () => {
    sageMaker.on(CreateTrainingJobCommand).resolves({});
    await training.start(request);

    const input = sageMaker.commandCalls(CreateTrainingJobCommand)[0]?.args[0].input;
    expect(input).toMatchObject({
      EnableNetworkIsolation: true,
      EnableManagedSpotTraining: true,
      StoppingCondition: { MaxRuntimeInSeconds: 420, MaxWaitTimeInSeconds: 420 + 4 * 3600 },
      OutputDataConfig: { CompressionType: 'NONE', S3OutputPath: `s3://b/jobs/${id}/output/` },
    });
    const sources = input?.InputDataConfig?.map(({ DataSource }) => DataSource?.S3DataSource);
    expect(sources?.map((source) => [source?.S3DataType, source?.S3Uri])).toEqual([
      ['ManifestFile', `s3://b/jobs/${id}/channel.json`],
      ['S3Prefix', `s3://b/jobs/${id}/manifest.jsonl`],
      ['S3Prefix', `s3://b/jobs/${id}/recipe.json`],
      ['S3Prefix', 's3://b/teachers/efficientnet-lite0/'],
    ]);
  });

  it('asks for no teacher where the image has it', async () => {
    sageMaker.on(CreateTrainingJobCommand).resolves({});
    await training.start({ ...request, teacher: undefined });

    const input = sageMaker.commandCalls(CreateTrainingJobCommand)[0]?.args[0].input;
    const channels = input?.InputDataConfig?.map(({ ChannelName }) => ChannelName);
    expect(channels).toEqual(['dataset', 'manifest', 'recipe']);
  });

  it('ends a training when the dollars of its budget are spent', async () => {
    sageMaker.on(CreateTrainingJobCommand).resolves({});
    await training.start({ ...request, budget: { minutes: 60, dollars: 0.184 } });

    const input = sageMaker.commandCalls(CreateTrainingJobCommand)[0]?.args[0].input;
    expect(input?.StoppingCondition?.MaxRuntimeInSeconds).toBe(900); // a quarter of 0.736 dollars
    expect(input?.HyperParameters?.budget_seconds).toBe('900');
  });

  it('takes a used name of its own job for a success, and of another for an error', async () => {
    sageMaker.on(CreateTrainingJobCommand).rejects(new ResourceInUse(oops));
    sageMaker.on(DescribeTrainingJobCommand).resolves({ HyperParameters: { job_id: id } });
    await training.start(request);

    sageMaker.on(DescribeTrainingJobCommand).resolves({ HyperParameters: {} });
    await expect(training.start(request)).rejects.toThrow('taken by something else');
  });

  it('tries the next instance type where there is no room for the first', async () => {
    sageMaker
      .on(CreateTrainingJobCommand)
      .rejectsOnce(new ResourceLimitExceeded(oops))
      .resolvesOnce({});

    expect(await training.start(request)).toBe('ml.g5.xlarge');

    const types = sageMaker
      .commandCalls(CreateTrainingJobCommand)
      .map(({ args }) => args[0].input.ResourceConfig?.InstanceType);
    expect(types).toEqual(['ml.g4dn.xlarge', 'ml.g5.xlarge']);
  });

  it('names the quota that is too low, and what to type about it', async () => {
    const quota = 'ml.g4dn.xlarge for spot training job usage';
    const message = `The account-level service limit '${quota}' is 0 Instances.`;
    sageMaker.on(CreateTrainingJobCommand).rejects(new ResourceLimitExceeded({ ...oops, message }));

    const refusal = await training.start(request).catch((error: unknown) => error);

    expect(refusal).toMatchObject({ name: 'NoCapacity', waitingFor: 'quota' });
    expect(String(refusal)).toContain('request-service-quota-increase');
    expect(String(refusal)).toContain(`QuotaName=='${quota}'`);
  });

  it('waits for quota, and passes other errors on', async () => {
    sageMaker.on(CreateTrainingJobCommand).rejects(new ResourceLimitExceeded(oops));
    await expect(training.start(request)).rejects.toThrow(NoCapacity);

    sageMaker.on(CreateTrainingJobCommand).rejects(validation('no such role'));
    await expect(training.start(request)).rejects.not.toThrow(NoCapacity);
  });
});

describe('looking at a training job', () => {
  it.each([
    [{ TrainingJobStatus: 'InProgress', SecondaryStatus: 'Downloading' }, { is: 'running' }],
    [{ TrainingJobStatus: 'InProgress', SecondaryStatus: 'Interrupted' }, { is: 'interrupted' }],
    [{ TrainingJobStatus: 'Stopping', SecondaryStatus: 'Stopping' }, { is: 'running' }],
    [
      { TrainingJobStatus: 'Completed', ModelArtifacts: { S3ModelArtifacts: 's3://b/m' } },
      { is: 'completed', artifacts: 's3://b/m' },
    ],
    [
      { TrainingJobStatus: 'Stopped', SecondaryStatus: 'Stopped' },
      { is: 'ended', code: 'STOPPED' },
    ],
    [
      { TrainingJobStatus: 'Stopped', SecondaryStatus: 'MaxRuntimeExceeded' },
      { is: 'ended', code: 'MAX_RUNTIME' },
    ],
    [
      { TrainingJobStatus: 'Stopped', SecondaryStatus: 'MaxWaitTimeExceeded' },
      { is: 'ended', code: 'MAX_WAIT' },
    ],
    [
      {
        TrainingJobStatus: 'Failed',
        FailureReason: 'AlgorithmError: DATA_CHANGED: x., exit code: 1',
      },
      { is: 'ended', code: 'DATA_CHANGED' },
    ],
    [
      { TrainingJobStatus: 'Failed', FailureReason: 'CapacityError: none' },
      { is: 'starved', reason: 'CapacityError: none' },
    ],
  ] as const)('reads %o', async (described, expected) => {
    sageMaker
      .on(DescribeTrainingJobCommand)
      .resolves({ HyperParameters: { job_id: id }, ...described });

    expect(await training.describe('n')).toMatchObject({ ...expected, jobId: id });
  });

  it('reads which instance it took, and what is billed', async () => {
    sageMaker.on(DescribeTrainingJobCommand).resolves({
      TrainingJobStatus: 'Completed',
      ResourceConfig: { InstanceType: 'ml.g5.xlarge', VolumeSizeInGB: 50 },
      TrainingTimeInSeconds: 300,
      BillableTimeInSeconds: 93, // spot
    });

    expect((await training.describe('n'))?.usage).toEqual({
      instanceType: 'ml.g5.xlarge',
      billedSeconds: 93,
    });
  });

  it('answers with nothing for a job that is not there, and throws when AWS is not there', async () => {
    sageMaker.on(DescribeTrainingJobCommand).rejects(validation('Requested resource not found.'));
    expect(await training.describe('n')).toBeUndefined();

    sageMaker.on(DescribeTrainingJobCommand).rejects(new Error('socket hang up'));
    await expect(training.describe('n')).rejects.toThrow('hang up');
  });

  it('does not mind stopping what has ended', async () => {
    sageMaker.on(StopTrainingJobCommand).rejects(validation('The job is in status Completed'));
    await expect(training.stop('n')).resolves.toBeUndefined();
  });
});

describe('announcing', () => {
  const announcement = {
    id: '1',
    kind: 'published' as const,
    at: noon.toISOString(),
    jobId: id,
    student: 'pets',
    sentence: 's',
  };

  it('fails when the bus took nothing, although PutEvents answers 200', async () => {
    events
      .on(PutEventsCommand)
      .resolves({ FailedEntryCount: 1, Entries: [{ ErrorMessage: 'no bus' }] });
    await expect(eventBridgeAnnouncer('bus').announce(announcement)).rejects.toThrow('no bus');
  });
});
