import type {
  CreateTrainingJobCommandInput,
  TrainingInstanceType,
} from '@aws-sdk/client-sagemaker';
import { longestRunSeconds } from '#core/cost.ts';
import { shortJobId, studentVersion } from '#core/identity.ts';
import { inputKeys, jobKeys } from '#core/keys.ts';
import { CHANNELS, type Hyperparameters, METRIC_DEFINITIONS } from '#core/training-contract.ts';
import type { TrainingRequest } from '#ports';

export interface LaunchSettings {
  image: string; // with its digest
  role: string; // ARN
}

const VOLUME_GB = 50;

/** SageMaker begins again by itself after an internal error of its own; the time limit then holds for all tries. */
const RETRIES_AFTER_INTERNAL_ERRORS = 3; // chosen

/** @param instanceTypes one; or several, of which SageMaker takes the first that it has, but not as spot instances */
export function createRequest(
  { image, role }: LaunchSettings,
  request: TrainingRequest,
  instanceTypes: readonly string[],
): CreateTrainingJobCommandInput {
  const { job, trainingJobName, teacherChannel, budget, spot, maxSpotWaitSeconds } = request;
  if (!job.summary) throw new Error(`job ${job.id} has no validated dataset`);
  const longestRun = Math.min(...instanceTypes.map((type) => longestRunSeconds(type, budget)));
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
      TrainingInputMode: 'File',
      MetricDefinitions: METRIC_DEFINITIONS,
    },
    RoleArn: role,
    // No credentials, no S3, no downloads inside: a hostile dataset can reach nothing but its own job.
    EnableNetworkIsolation: true,
    HyperParameters: hyperparameters,
    InputDataConfig: [
      channel(CHANNELS.dataset.folder, 'ManifestFile', uri(keys.channel)),
      channel(CHANNELS.manifest.folder, 'S3Prefix', uri(keys.manifest)),
      channel(CHANNELS.recipe.folder, 'S3Prefix', uri(keys.recipe)),
      ...(teacherChannel === undefined
        ? []
        : [channel(CHANNELS.teacher.folder, 'S3Prefix', uri(teacherChannel))]),
    ],
    OutputDataConfig: { S3OutputPath: uri(keys.output), CompressionType: 'NONE' },
    CheckpointConfig: { S3Uri: uri(keys.checkpoints) },
    ResourceConfig: {
      ...instancesOf(instanceTypes as TrainingInstanceType[]),
      InstanceCount: 1,
      VolumeSizeInGB: VOLUME_GB,
    },
    // SageMaker's default is one day.
    StoppingCondition: {
      MaxRuntimeInSeconds: longestRun,
      ...(spot && { MaxWaitTimeInSeconds: longestRun + maxSpotWaitSeconds }),
    },
    EnableManagedSpotTraining: spot,
    RetryStrategy: { MaximumRetryAttempts: RETRIES_AFTER_INTERNAL_ERRORS },
    Tags: [
      { Key: 'project', Value: 'understudy' },
      { Key: 'job', Value: shortJobId(job.id) },
    ],
  };
}

const instancesOf = ([first, ...others]: readonly TrainingInstanceType[]) =>
  others.length === 0
    ? { InstanceType: first }
    : { InstancePreferences: [first, ...others].map((InstanceType) => ({ InstanceType })) };

function channel(ChannelName: string, S3DataType: 'ManifestFile' | 'S3Prefix', S3Uri: string) {
  const S3DataSource = { S3DataType, S3Uri, S3DataDistributionType: 'FullyReplicated' as const };
  return { ChannelName, DataSource: { S3DataSource } };
}
