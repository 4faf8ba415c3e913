import {
  CreateTrainingJobCommand,
  DescribeTrainingJobCommand,
  type DescribeTrainingJobResponse,
  ResourceInUse,
  ResourceLimitExceeded,
  SageMakerClient,
  SageMakerServiceException,
  StopTrainingJobCommand,
  type TrainingInstanceType,
} from '@aws-sdk/client-sagemaker';
import { longestRunSeconds } from '#core/cost.ts';
import { shortJobId, studentVersion } from '#core/identity.ts';
import type { TrainingObservation } from '#core/job.ts';
import type { Usage } from '#core/job-run.ts';
import { inputKeys, jobKeys } from '#core/keys.ts';
import {
  CHANNELS,
  type Hyperparameters,
  METRIC_DEFINITIONS,
  parseFailure,
} from '#core/training-contract.ts';
import { NoCapacity, type Training, type TrainingRequest } from '#ports';

export interface LaunchSettings {
  image: string; // with its digest
  role: string; // ARN
  spot: boolean; // cheaper instances that AWS may interrupt; training resumes from its checkpoints
}

const VOLUME_GB = 50;
const MAX_SPOT_WAIT_SECONDS = 4 * 3600; // for instances, on top of the training time

/** SageMaker on AWS, or of the local pipeline. */
export function sageMakerTraining(
  settings: LaunchSettings,
  client = new SageMakerClient(),
): Training {
  return {
    async start(request) {
      const refusals: NoCapacity[] = [];
      // A refused creation leaves no training job behind, so the next type is tried under the same name.
      for (const instanceType of request.instanceTypes) {
        const answer = await create(request, instanceType);
        if (!(answer instanceof NoCapacity)) return answer;
        refusals.push(answer);
      }
      const [first] = refusals;
      if (!first) throw new Error('there is no instance type to try');
      const reasons = refusals.map(({ message }) => message).join(' ');
      throw new NoCapacity(first.waitingFor, reasons, { cause: first.cause });
    },

    async describe(TrainingJobName) {
      try {
        const described = await client.send(new DescribeTrainingJobCommand({ TrainingJobName }));
        const jobId = described.HyperParameters?.job_id ?? '';
        const endedAt = described.TrainingEndTime?.toISOString();
        const observation = observationOf(TrainingJobName, described);
        return { jobId, observation, ...(endedAt && { endedAt }) };
      } catch (error) {
        if (isUnknown(error)) return undefined;
        throw error;
      }
    },

    async stop(TrainingJobName) {
      try {
        await client.send(new StopTrainingJobCommand({ TrainingJobName }));
      } catch (error) {
        // "The request was rejected because the training job is in status …": it has ended already.
        const hasEnded =
          error instanceof SageMakerServiceException && error.name === 'ValidationException';
        if (!hasEnded) throw error;
      }
    },
  };

  /** @returns the instance type, or the reason why this one is not available */
  async function create(
    request: TrainingRequest,
    instanceType: string,
  ): Promise<string | NoCapacity> {
    try {
      await client.send(
        new CreateTrainingJobCommand(createRequest(settings, request, instanceType)),
      );
      return instanceType;
    } catch (cause) {
      if (cause instanceof ResourceInUse) {
        return adopt(request.trainingJobName, request.job.id, instanceType);
      }
      if (cause instanceof ResourceLimitExceeded) {
        return new NoCapacity('quota', quotaReason(cause.message), { cause });
      }
      if (isCapacity(cause)) {
        const type = request.instanceTypes.length > 1 ? `${instanceType}: ` : '';
        return new NoCapacity('capacity', `${type}${cause.message}`, { cause });
      }
      throw cause;
    }
  }

  /**
   * The name is taken: an earlier try has succeeded, unless the training job belongs to something else. If there is none,
   * another launcher has just failed to create it.
   */
  async function adopt(
    TrainingJobName: string,
    jobId: string,
    asked: string,
  ): Promise<string | NoCapacity> {
    const described = await client
      .send(new DescribeTrainingJobCommand({ TrainingJobName }))
      .catch((error: unknown) => {
        if (!isUnknown(error)) throw error;
      });
    if (!described) return new NoCapacity('capacity', 'The training job could not be created yet.');
    const { HyperParameters, ResourceConfig } = described;
    if (HyperParameters?.job_id === jobId) return ResourceConfig?.InstanceType ?? asked;
    throw new Error(`the training job name ${TrainingJobName} is taken by something else`);
  }
}

function createRequest(
  { image, role, spot }: LaunchSettings,
  request: TrainingRequest,
  instanceType: string,
) {
  const { job, trainingJobName, teacherChannel, budget } = request;
  if (!job.summary) throw new Error(`job ${job.id} has no validated dataset`);
  const longestRun = longestRunSeconds(instanceType, budget);
  const keys = { ...jobKeys(job.id), ...inputKeys(job.id, job.summary) };
  const uri = (key: string) => `s3://${job.bucket}/${key}`;
  const hyperparameters: Hyperparameters = {
    job_id: job.id,
    student: job.name,
    student_version: studentVersion(job.id),
    manifest_sha256: job.summary.manifestSha256,
    recipe_sha256: job.summary.recipeSha256,
    budget_seconds: String(longestRun),
  };
  return {
    TrainingJobName: trainingJobName,
    AlgorithmSpecification: {
      TrainingImage: image,
      TrainingInputMode: 'File' as const,
      MetricDefinitions: METRIC_DEFINITIONS,
    },
    RoleArn: role,
    // No credentials, no S3, no downloads inside: a hostile dataset can reach nothing but its own job.
    EnableNetworkIsolation: true,
    HyperParameters: hyperparameters,
    InputDataConfig: [
      channel(CHANNELS.dataset.folder, 'ManifestFile' as const, uri(keys.channel)),
      channel(CHANNELS.manifest.folder, 'S3Prefix' as const, uri(keys.manifest)),
      channel(CHANNELS.recipe.folder, 'S3Prefix' as const, uri(keys.recipe)),
      ...(teacherChannel === undefined
        ? []
        : [channel(CHANNELS.teacher.folder, 'S3Prefix' as const, uri(teacherChannel))]),
    ],
    OutputDataConfig: { S3OutputPath: uri(keys.output), CompressionType: 'NONE' as const },
    CheckpointConfig: { S3Uri: uri(keys.checkpoints) },
    ResourceConfig: {
      InstanceType: instanceType as TrainingInstanceType,
      InstanceCount: 1,
      VolumeSizeInGB: VOLUME_GB,
    },
    // SageMaker's default is one day.
    StoppingCondition: {
      MaxRuntimeInSeconds: longestRun,
      ...(spot && { MaxWaitTimeInSeconds: longestRun + MAX_SPOT_WAIT_SECONDS }),
    },
    EnableManagedSpotTraining: spot,
    Tags: [
      { Key: 'project', Value: 'understudy' },
      { Key: 'job', Value: shortJobId(job.id) },
    ],
  };
}

function channel(ChannelName: string, S3DataType: 'ManifestFile' | 'S3Prefix', S3Uri: string) {
  const S3DataSource = { S3DataType, S3Uri, S3DataDistributionType: 'FullyReplicated' as const };
  return { ChannelName, DataSource: { S3DataSource } };
}

const STOPPED = {
  Stopped: {
    code: 'STOPPED',
    what: 'The training job was stopped.',
    remedy: 'Retry the job if that was not intended.',
  },
  MaxRuntimeExceeded: {
    code: 'MAX_RUNTIME',
    what: 'Training took longer than the budget allows.',
    remedy:
      'Set a higher budget.minutes or budget.dollars in the recipe, whichever was reached, or choose a faster instance type.',
  },
  MaxWaitTimeExceeded: {
    code: 'MAX_WAIT',
    what: 'No spot instance was available long enough.',
    remedy: 'Retry the job, or choose another instance type in the recipe.',
  },
};

/** The observation for each status of a training job. */
function observationOf(
  trainingJobName: string,
  described: DescribeTrainingJobResponse,
): TrainingObservation {
  const { TrainingJobStatus, SecondaryStatus, ModelArtifacts, FailureReason } = described;
  const run = { trainingJobName, ...usageOf(described) };
  switch (TrainingJobStatus) {
    case 'Completed': {
      const artifacts = ModelArtifacts?.S3ModelArtifacts ?? '';
      return { type: 'training-completed', ...run, artifacts };
    }
    case 'Failed':
      if (/^(CapacityError|InsufficientCapacity)/i.test(FailureReason ?? '')) {
        const reason = FailureReason?.replace(/^CapacityError: /, '') ?? '';
        return { type: 'training-no-capacity', ...run, reason };
      }
      return { type: 'training-failed', ...run, ...parseFailure(FailureReason) };
    case 'Stopped': {
      const reason = STOPPED[SecondaryStatus as keyof typeof STOPPED] ?? STOPPED.Stopped;
      return { type: 'training-failed', ...run, ...reason };
    }
    default:
      return {
        type: SecondaryStatus === 'Interrupted' ? 'training-interrupted' : 'training-running',
        ...run,
      };
  }
}

const usageOf = ({
  ResourceConfig,
  BillableTimeInSeconds,
}: DescribeTrainingJobResponse): Usage => ({
  ...(ResourceConfig?.InstanceType && { instanceType: ResourceConfig.InstanceType }),
  ...(BillableTimeInSeconds !== undefined && { billedSeconds: BillableTimeInSeconds }),
});

const isUnknown = (error: unknown): boolean =>
  error instanceof SageMakerServiceException &&
  (error.name === 'ResourceNotFound' ||
    (error.name === 'ValidationException' && /not found/i.test(error.message)));

const isCapacity = (error: unknown): error is Error =>
  error instanceof Error &&
  /InsufficientCapacity|CapacityError|Throttling/i.test(`${error.name} ${error.message}`);

/** AWS's message names the quota; this adds the command that requests an increase. */
function quotaReason(message: string): string {
  const quota = /'([^']+)'/.exec(message)?.[1];
  if (quota === undefined) return message;
  const query = `Quotas[?QuotaName=='${quota}'].QuotaCode`;
  return `${message} To request an increase: aws service-quotas request-service-quota-increase --service-code sagemaker --desired-value 1 --quota-code $(aws service-quotas list-service-quotas --service-code sagemaker --output text --query "${query}")`;
}
