import { dynamoJobs } from '#lambdas/aws/jobs.ts';
import { s3Objects } from '#lambdas/aws/objects.ts';
import { stageLog } from '#lambdas/aws/stage-log.ts';
import { sageMakerTraining } from '#lambdas/aws/training.ts';
import { countFailures } from '#lambdas/count-failures.ts';
import {
  environment,
  LaunchVariables,
  launchSettings,
  PipelineVariables,
  TrainingVariables,
} from '#lambdas/environment.ts';
import { streamHandler } from '#lambdas/stream-handler.ts';
import { TEACHERS } from '#teachers/catalogue.ts';
import { launchInOrder } from './launch-in-order.ts';

const variables = environment(
  PipelineVariables.extend(TrainingVariables.shape).extend(LaunchVariables.shape),
);
const ports = {
  objects: s3Objects(variables.BUCKET),
  jobs: dynamoJobs(variables.JOB_TABLE),
  training: sageMakerTraining(launchSettings(variables)),
  log: stageLog('launch-training'),
  now: () => new Date(),
  teachers: TEACHERS,
  teachersInImage: variables.TEACHERS_IN_IMAGE,
  instanceTypes: variables.INSTANCE_TYPES,
  defaultMinutes: variables.DEFAULT_MINUTES,
  spot: variables.SPOT,
  maxConcurrentJobs: variables.MAX_CONCURRENT_JOBS,
};

/** Invoked for rows that have become `validated`. */
export const handler = streamHandler(ports.log, (jobId) =>
  countFailures(ports, { jobId }, () => launchInOrder(ports, jobId)),
);
