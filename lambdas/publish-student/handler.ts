import * as z from 'zod';
import { dynamoJobs } from '#lambdas/aws/jobs.ts';
import { s3Objects } from '#lambdas/aws/objects.ts';
import { stageLog } from '#lambdas/aws/stage-log.ts';
import { sageMakerTraining } from '#lambdas/aws/training.ts';
import { countFailures } from '#lambdas/count-failures.ts';
import {
  environment,
  launchSettings,
  PipelineVariables,
  TrainingVariables,
} from '#lambdas/environment.ts';
import { queueHandler } from '#lambdas/queue-handler.ts';
import { publishStudent } from './publish-student.ts';

const variables = environment(PipelineVariables.extend(TrainingVariables.shape));
const ports = {
  objects: s3Objects(variables.BUCKET),
  jobs: dynamoJobs(variables.JOB_TABLE),
  training: sageMakerTraining(launchSettings(variables)),
  log: stageLog('publish-student'),
  now: () => new Date(),
};

/** SageMaker's "Training Job State Change". Only the name is used: the state comes from DescribeTrainingJob. */
const StateChange = z.object({ detail: z.object({ TrainingJobName: z.string() }) });

export const handler = queueHandler(ports.log, async (event, about) => {
  about.trainingJobName = StateChange.parse(event).detail.TrainingJobName;
  const described = await ports.training.describe(about.trainingJobName);
  if (!described) return;
  const { jobId } = described;
  about.jobId = jobId;
  await countFailures(ports, about, () => publishStudent(ports, jobId));
});
