import { eventBridgeAnnouncer } from '#lambdas/aws/announcer.ts';
import { dynamoJobs } from '#lambdas/aws/jobs.ts';
import { whileLeased } from '#lambdas/aws/lease.ts';
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
  spot: variables.SPOT,
  maxConcurrentJobs: variables.MAX_CONCURRENT_JOBS,
  retryRefusedSeconds: variables.RETRY_REFUSED_SECONDS,
  quietSeconds: variables.QUIET_SECONDS,
};

const sweep = (): Promise<void> =>
  sweepJobs(ports, variables.SWEEP_AHEAD_SECONDS, (stuckJobs) => {
    const { METRICS_NAMESPACE: namespace, JOB_TABLE: table } = variables;
    if (namespace) process.stdout.write(`${stuckJobsMetric(namespace, table, stuckJobs)}\n`);
  });

/** Invoked by a schedule. A sweep that finds another one still at work leaves everything to that one. */
export async function handler(): Promise<void> {
  const { JOB_TABLE: table, SWEEP_LEASE_SECONDS: seconds } = variables;
  if (seconds === undefined) await sweep();
  else await whileLeased({ table, name: 'sweep', seconds }, sweep);
}
