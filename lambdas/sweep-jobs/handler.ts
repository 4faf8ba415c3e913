import { eventBridgeAnnouncer } from '#lambdas/aws/announcer.ts';
import { dynamoJobs } from '#lambdas/aws/jobs.ts';
import { s3Objects } from '#lambdas/aws/objects.ts';
import { stageLog } from '#lambdas/aws/stage-log.ts';
import { sageMakerTraining } from '#lambdas/aws/training.ts';
import {
  AnnouncementVariables,
  environment,
  LaunchVariables,
  launchSettings,
  PipelineVariables,
  SweepVariables,
  TrainingVariables,
  ValidationVariables,
} from '#lambdas/environment.ts';
import { TEACHERS } from '#teachers/catalogue.ts';
import { stuckJobsMetric } from './stuck-jobs-metric.ts';
import { sweepJobs } from './sweep-jobs.ts';

const variables = environment(
  PipelineVariables.extend(ValidationVariables.shape)
    .extend(TrainingVariables.shape)
    .extend(LaunchVariables.shape)
    .extend(AnnouncementVariables.shape)
    .extend(SweepVariables.shape),
);
const ports = {
  objects: s3Objects(variables.BUCKET),
  jobs: dynamoJobs(variables.JOB_TABLE),
  training: sageMakerTraining(launchSettings(variables)),
  announcer: eventBridgeAnnouncer(variables.ANNOUNCEMENT_BUS),
  log: stageLog('sweep-jobs'),
  now: () => new Date(),
  teachers: TEACHERS,
  allowedInstanceTypes: variables.ALLOWED_INSTANCE_TYPES,
  teachersInImage: variables.TEACHERS_IN_IMAGE,
  instanceTypes: variables.INSTANCE_TYPES,
  defaultMinutes: variables.DEFAULT_MINUTES,
  maxConcurrentJobs: variables.MAX_CONCURRENT_JOBS,
  retryRefusedSeconds: variables.RETRY_REFUSED_SECONDS,
  quietSeconds: variables.QUIET_SECONDS,
};

/** Invoked by a schedule. */
export const handler = (): Promise<void> =>
  sweepJobs(ports, variables.SWEEP_AHEAD_SECONDS, (stuckJobs) => {
    const { METRICS_NAMESPACE: namespace, JOB_TABLE: table } = variables;
    if (namespace) process.stdout.write(`${stuckJobsMetric(namespace, table, stuckJobs)}\n`);
  });
