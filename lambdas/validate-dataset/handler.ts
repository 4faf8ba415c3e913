import * as z from 'zod';
import { dynamoJobs } from '#lambdas/aws/jobs.ts';
import { s3Objects } from '#lambdas/aws/objects.ts';
import { stageLog } from '#lambdas/aws/stage-log.ts';
import { countFailures } from '#lambdas/count-failures.ts';
import { environment, PipelineVariables, ValidationVariables } from '#lambdas/environment.ts';
import { queueHandler } from '#lambdas/queue-handler.ts';
import { TEACHERS } from '#teachers/catalogue.ts';
import { validateDataset } from './validate-dataset.ts';

const { BUCKET, JOB_TABLE, ALLOWED_INSTANCE_TYPES } = environment(
  PipelineVariables.extend(ValidationVariables.shape),
);
const ports = {
  objects: s3Objects(BUCKET),
  jobs: dynamoJobs(JOB_TABLE),
  log: stageLog('validate-dataset'),
  now: () => new Date(),
  teachers: TEACHERS,
  allowedInstanceTypes: ALLOWED_INSTANCE_TYPES,
};

/** S3's "Object Created" from EventBridge; its key is not URL-encoded. */
const ObjectCreated = z.object({ detail: z.object({ object: z.object({ key: z.string() }) }) });

export const handler = queueHandler(ports.log, async (event, about) => {
  const { key } = ObjectCreated.parse(event).detail.object;
  about.key = key;
  await countFailures(ports, about, () => validateDataset(ports, key, about));
});
