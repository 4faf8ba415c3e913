import {
  CreateTrainingJobCommand,
  DescribeTrainingJobCommand,
  type DescribeTrainingJobResponse,
  ResourceInUse,
  ResourceLimitExceeded,
  SageMakerClient,
  SageMakerServiceException,
  StopTrainingJobCommand,
} from '@aws-sdk/client-sagemaker';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { advance, receive } from '#core/job.ts';
import { sageMakerTraining } from '#lambdas/aws/training.ts';

const sageMaker = mockClient(SageMakerClient);
const training = sageMakerTraining({
  image: 'i@sha256:0',
  role: 'arn:aws:iam::1:role/t',
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
    summary: { classes: 2, examples: 10, manifestSha256: 'm', recipeSha256: 'r' },
  },
  noon,
);
const request = {
  job,
  trainingJobName: 'understudy-pets-a1',
  teacherChannel: 'teachers/efficientnet-lite0/',
  budget: { minutes: 7 },
  instanceTypes: ['ml.g4dn.xlarge', 'ml.g5.xlarge'],
  spot: true,
  maxSpotWaitSeconds: 3600,
};
const oops = { message: 'The account-level service limit is 0 Instances', $metadata: {} };
const validation = (message: string) =>
  new SageMakerServiceException({
    name: 'ValidationException',
    $fault: 'client',
    $metadata: {},
    message,
  });

const denied = (message: string) =>
  new SageMakerServiceException({
    name: 'AccessDeniedException',
    $fault: 'client',
    $metadata: {},
    message,
  });

beforeEach(() => {
  sageMaker.reset();
});

describe('starting a training job', () => {
  it('asks for an isolated job of exactly these objects, with a time limit', async () => {
    sageMaker.on(CreateTrainingJobCommand).resolves({});
    await training.start(request);

    const input = sageMaker.commandCalls(CreateTrainingJobCommand)[0]?.args[0].input;
    expect(input).toMatchObject({
      EnableNetworkIsolation: true,
      EnableManagedSpotTraining: true,
      StoppingCondition: { MaxRuntimeInSeconds: 420, MaxWaitTimeInSeconds: 420 + 3600 },
      OutputDataConfig: { CompressionType: 'NONE', S3OutputPath: `s3://b/jobs/${id}/output/` },
    });
    const sources = input?.InputDataConfig?.map(({ DataSource }) => DataSource?.S3DataSource);
    expect(sources?.map((source) => [source?.S3DataType, source?.S3Uri])).toEqual([
      ['ManifestFile', `s3://b/jobs/${id}/inputs/m-r/channel.json`],
      ['S3Prefix', `s3://b/jobs/${id}/inputs/m-r/manifest.jsonl`],
      ['S3Prefix', `s3://b/jobs/${id}/inputs/m-r/recipe.json`],
      ['S3Prefix', 's3://b/teachers/efficientnet-lite0/'],
    ]);
  });

  it('has no teacher channel where the image contains the teacher', async () => {
    sageMaker.on(CreateTrainingJobCommand).resolves({});
    await training.start({ ...request, teacherChannel: undefined });

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

  it('takes an existing training job of this job as a success, and of another as an error', async () => {
    sageMaker.on(CreateTrainingJobCommand).rejects(new ResourceInUse(oops));
    sageMaker.on(DescribeTrainingJobCommand).resolves({ HyperParameters: { job_id: id } });
    await training.start(request);

    sageMaker.on(DescribeTrainingJobCommand).resolves({ HyperParameters: {} });
    await expect(training.start(request)).rejects.toThrow('taken by something else');
  });

  it('waits for a training job that another launcher was creating, and that does not exist after all', async () => {
    sageMaker.on(CreateTrainingJobCommand).rejects(new ResourceInUse(oops));
    sageMaker.on(DescribeTrainingJobCommand).rejects(validation('Requested resource not found.'));

    await expect(training.start(request)).rejects.toMatchObject({ name: 'NoCapacity' });
  });

  it('tries the next instance type where there is no capacity for the first', async () => {
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

  it('names the quota that is too low, and the command to raise it', async () => {
    const quota = 'ml.g4dn.xlarge for spot training job usage';
    const message = `The account-level service limit '${quota}' is 0 Instances.`;
    sageMaker.on(CreateTrainingJobCommand).rejects(new ResourceLimitExceeded({ ...oops, message }));

    const refusal = await training.start(request).catch((error: unknown) => error);

    expect(refusal).toMatchObject({ name: 'NoCapacity', waitingFor: 'quota' });
    expect(String(refusal)).toContain('request-service-quota-increase');
    expect(String(refusal)).toContain(`QuotaName=='${quota}'`);
  });

  it('asks for one instance more than are in use', async () => {
    const message =
      "The account-level service limit 'ml.g5.xlarge for training job usage' is 1 Instances, with current utilization of 1 Instances and a request delta of 1 Instances.";
    sageMaker.on(CreateTrainingJobCommand).rejects(new ResourceLimitExceeded({ ...oops, message }));

    await expect(training.start(request)).rejects.toThrow('--desired-value 2');
  });

  it('leaves the choice of an on-demand instance to SageMaker', async () => {
    sageMaker.on(CreateTrainingJobCommand).resolves({});

    expect(await training.start({ ...request, spot: false })).toBeUndefined();

    const [call] = sageMaker.commandCalls(CreateTrainingJobCommand);
    const { ResourceConfig, EnableManagedSpotTraining } = call?.args[0].input ?? {};
    expect(EnableManagedSpotTraining).toBe(false);
    expect(ResourceConfig).toMatchObject({
      InstanceCount: 1,
      InstancePreferences: [{ InstanceType: 'ml.g4dn.xlarge' }, { InstanceType: 'ml.g5.xlarge' }],
    });
    expect(ResourceConfig).not.toHaveProperty('InstanceType');
  });

  it('tries each on-demand type by itself where a list is refused because of one of them', async () => {
    sageMaker
      .on(CreateTrainingJobCommand)
      .rejectsOnce(validation('ml.g4dn.xlarge is not supported'))
      .rejectsOnce(validation('ml.g4dn.xlarge is not supported'))
      .resolvesOnce({});

    expect(await training.start({ ...request, spot: false })).toBe('ml.g5.xlarge');
  });

  it('keeps to the dollars of the budget on every type of a list', async () => {
    sageMaker.on(CreateTrainingJobCommand).resolves({});
    await training.start({ ...request, spot: false, budget: { minutes: 60, dollars: 0.352 } });

    const input = sageMaker.commandCalls(CreateTrainingJobCommand)[0]?.args[0].input;
    expect(input?.StoppingCondition?.MaxRuntimeInSeconds).toBe(900); // of ml.g5.xlarge
  });

  it.each([
    ['a type that the region lacks', validation('Unsupported instance type.')],
    [
      'the same in other words',
      new ResourceLimitExceeded({
        ...oops,
        message:
          'The requested resource training-job/ml.g4dn.xlarge is not available in this region',
      }),
    ],
    ['a policy of the organisation', denied('explicit deny in a service control policy')],
  ])('says what AWS refuses for good: %s', async (_, error) => {
    sageMaker.on(CreateTrainingJobCommand).rejects(error);

    const refusal = await training.start(request).catch((thrown: unknown) => thrown);

    expect(refusal).toMatchObject({ name: 'LaunchRefused' });
    expect(String(refusal)).toContain(error.message);
    expect(String(refusal)).toContain('ml.g5.xlarge'); // tried as well
  });

  it('waits for the one type that may be had later', async () => {
    sageMaker
      .on(CreateTrainingJobCommand)
      .rejectsOnce(validation('Unsupported instance type.'))
      .rejectsOnce(new ResourceLimitExceeded(oops));

    await expect(training.start(request)).rejects.toMatchObject({
      name: 'NoCapacity',
      message: expect.stringMatching(/Unsupported instance type.*service limit/),
    });
  });

  it('passes on what says nothing about the training job', async () => {
    const expired = new SageMakerServiceException({
      name: 'ExpiredTokenException',
      $fault: 'client',
      $metadata: {},
      message: 'The security token is expired',
    });
    for (const error of [expired, new Error('socket hang up')]) {
      sageMaker.on(CreateTrainingJobCommand).rejects(error);
      await expect(training.start(request)).rejects.toBe(error);
    }
  });
});

describe('looking at a training job', () => {
  it.each<[Partial<DescribeTrainingJobResponse>, object]>([
    [
      {
        TrainingJobStatus: 'InProgress',
        SecondaryStatus: 'Pending',
        SecondaryStatusTransitions: [
          { Status: 'Starting', StartTime: noon, StatusMessage: 'Starting the training job' },
          { Status: 'Pending', StartTime: noon, StatusMessage: 'Waiting for a spot instance' },
        ],
      },
      { type: 'training-running', step: 'Pending', message: 'Waiting for a spot instance' },
    ],
    [
      { TrainingJobStatus: 'InProgress', SecondaryStatus: 'Training' },
      { type: 'training-running' },
    ],
    [
      { TrainingJobStatus: 'InProgress', SecondaryStatus: 'Interrupted' },
      { type: 'training-interrupted' },
    ],
    [{ TrainingJobStatus: 'Stopping', SecondaryStatus: 'Stopping' }, { type: 'training-running' }],
    [
      { TrainingJobStatus: 'Completed', ModelArtifacts: { S3ModelArtifacts: 's3://b/m' } },
      { type: 'training-completed', artifacts: 's3://b/m' },
    ],
    [
      { TrainingJobStatus: 'Stopped', SecondaryStatus: 'Stopped' },
      { type: 'training-failed', code: 'STOPPED' },
    ],
    [
      { TrainingJobStatus: 'Stopped', SecondaryStatus: 'MaxRuntimeExceeded' },
      { type: 'training-failed', code: 'MAX_RUNTIME' },
    ],
    [
      {
        TrainingJobStatus: 'Stopped',
        SecondaryStatus: 'MaxWaitTimeExceeded',
        StoppingCondition: { MaxRuntimeInSeconds: 600, MaxWaitTimeInSeconds: 4200 },
        ResourceConfig: { InstanceType: 'ml.g5.xlarge', VolumeSizeInGB: 50 },
      },
      {
        type: 'training-no-capacity',
        instanceType: 'ml.g5.xlarge',
        reason: 'AWS had no spot instance of ml.g5.xlarge within 70 minutes.',
      },
    ],
    [
      {
        TrainingJobStatus: 'Stopped',
        SecondaryStatus: 'MaxWaitTimeExceeded',
        SecondaryStatusTransitions: [{ Status: 'Training', StartTime: noon }],
      },
      { type: 'training-failed', code: 'MAX_WAIT' },
    ],
    [
      {
        TrainingJobStatus: 'Failed',
        FailureReason: 'AlgorithmError: DATA_CHANGED: x., exit code: 1',
      },
      { type: 'training-failed', code: 'DATA_CHANGED' },
    ],
    [
      { TrainingJobStatus: 'Failed', FailureReason: 'CapacityError: none' },
      { type: 'training-no-capacity', reason: 'none' },
    ],
  ])('reads %o', async (described, expected) => {
    sageMaker
      .on(DescribeTrainingJobCommand)
      .resolves({ HyperParameters: { job_id: id }, ...described });

    expect(await training.describe('n')).toMatchObject({
      jobId: id,
      observation: { ...expected, trainingJobName: 'n' },
    });
  });

  it('reads the instance type and the billed time', async () => {
    sageMaker.on(DescribeTrainingJobCommand).resolves({
      TrainingJobStatus: 'Completed',
      ResourceConfig: { InstanceType: 'ml.g5.xlarge', VolumeSizeInGB: 50 },
      TrainingTimeInSeconds: 300,
      BillableTimeInSeconds: 93, // spot
    });

    expect((await training.describe('n'))?.observation).toMatchObject({
      instanceType: 'ml.g5.xlarge',
      billedSeconds: 93,
    });
  });

  it('returns undefined for a job that does not exist, and throws when AWS cannot be reached', async () => {
    sageMaker.on(DescribeTrainingJobCommand).rejects(validation('Requested resource not found.'));
    expect(await training.describe('n')).toBeUndefined();

    sageMaker.on(DescribeTrainingJobCommand).rejects(new Error('socket hang up'));
    await expect(training.describe('n')).rejects.toThrow('hang up');
  });

  it('ignores that a job to be stopped has ended', async () => {
    sageMaker.on(StopTrainingJobCommand).rejects(validation('The job is in status Completed'));
    await expect(training.stop('n')).resolves.toBeUndefined();
  });
});
