import * as z from 'zod';
import { dynamoJobs } from '#lambdas/aws/jobs.ts';
import { s3Objects } from '#lambdas/aws/objects.ts';
import { sageMakerTraining } from '#lambdas/aws/training.ts';
import {
  environment,
  PipelineVariables,
  TrainingVariables,
  trainingSettings,
} from '#lambdas/environment.ts';
import { queueHandler } from '#lambdas/queue-handler.ts';
import { publishStudent } from './publish-student.ts';

const variables = environment(PipelineVariables.extend(TrainingVariables.shape));
const ports = {
  objects: s3Objects(variables.BUCKET),
  jobs: dynamoJobs(variables.JOB_TABLE),
  training: sageMakerTraining(trainingSettings(variables)),
  now: () => new Date(),
};

/** SageMaker's "Training Job State Change". Only the name is taken from it: it is a hint, Describe is the truth. */
const StateChange = z.object({ detail: z.object({ TrainingJobName: z.string() }) });

export const handler = queueHandler(async (event) => {
  const { TrainingJobName } = StateChange.parse(event).detail;
  const seen = await ports.training.describe(TrainingJobName);
  if (seen) await publishStudent(ports, seen.jobId);
});
