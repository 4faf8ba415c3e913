import { type JsonAnswer, refusal } from '../events/aws-json.ts';
import { arnOf } from './record.ts';

// The refusals of SageMaker, in its own words where a client may read them.

export const invalid = (message: string): JsonAnswer => refusal('ValidationException', message);

export const nameInUse = (trainingJobName: string): JsonAnswer =>
  refusal(
    'ResourceInUse',
    `Training job names must be unique within an AWS account and region, and a training job with this name already exists (${arnOf(trainingJobName)})`,
  );

export const limitExceeded = (instanceType: string, limit: number, used: number): JsonAnswer =>
  refusal(
    'ResourceLimitExceeded',
    `The account-level service limit '${instanceType} for training job usage' is ${limit} Instances, with current utilization of ${used} Instances and a request delta of 1 Instances.`,
  );

export const unknownOperation = (operation: string): JsonAnswer =>
  refusal(
    'UnknownOperationException',
    `the local SageMaker has no ${operation || 'operation in X-Amz-Target'}`,
  );

/** As SageMaker says it when it has no instances, so that a launcher waits. */
export const noCapacity = (why: string): JsonAnswer => refusal('CapacityError', why);

export const stillRuns = (name: string): JsonAnswer =>
  refusal('ResourceInUse', `The training job ${name} has not ended.`);
