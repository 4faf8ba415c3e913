import { ArnFormat, type Stack } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { JOB_NAME_PREFIX } from '#core/identity.ts';
import { jobKeys } from '#core/keys.ts';
import { OPEN_JOBS } from '#lambdas/aws/jobs.ts';

// Written by hand after the calls in lambdas/aws/: the grants of the L2 constructs are wider than any stage needs.

/** Reads objects below these prefixes. Without the permission to list, S3 answers 403 for an absent object instead of 404. */
export const readObjects = (bucket: IBucket, ...prefixes: string[]): PolicyStatement[] => [
  new PolicyStatement({
    actions: ['s3:GetObject'],
    resources: prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`)),
  }),
  new PolicyStatement({
    actions: ['s3:ListBucket'],
    resources: [bucket.bucketArn],
    // IfExists: reading an absent key is checked against this permission too, without a prefix.
    conditions: { StringLikeIfExists: { 's3:prefix': prefixes.map((prefix) => `${prefix}*`) } },
  }),
];

export const writeObjects = (bucket: IBucket, ...prefixes: string[]): PolicyStatement =>
  new PolicyStatement({
    actions: ['s3:PutObject'],
    resources: prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`)),
  });

/** Writes the reports of jobs, and nothing else of them. */
export const writeReports = (bucket: IBucket): PolicyStatement =>
  new PolicyStatement({
    actions: ['s3:PutObject'],
    resources: [bucket.arnForObjects(jobKeys('*').report)],
  });

/** Deletes what published jobs no longer need: their output and checkpoints, and nothing else of them. */
export const removeOutputs = (bucket: IBucket): PolicyStatement => {
  const { output, checkpoints } = jobKeys('*');
  return new PolicyStatement({
    actions: ['s3:DeleteObject'],
    resources: [output, checkpoints].map((prefix) => bucket.arnForObjects(`${prefix}*`)),
  });
};

/** Reads and writes one object. */
export const readAndWriteObject = (bucket: IBucket, key: string): PolicyStatement =>
  new PolicyStatement({
    actions: ['s3:GetObject', 's3:PutObject'],
    resources: [bucket.arnForObjects(key)],
  });

export const readAndSaveJobs = (table: Table): PolicyStatement =>
  new PolicyStatement({
    actions: ['dynamodb:GetItem', 'dynamodb:PutItem'],
    resources: [table.tableArn],
  });

export const findOpenJobs = (table: Table): PolicyStatement =>
  new PolicyStatement({
    actions: ['dynamodb:Query'],
    resources: [`${table.tableArn}/index/${OPEN_JOBS}`],
  });

export const followStream = (table: Table): PolicyStatement[] => [
  new PolicyStatement({
    actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
    resources: [table.tableStreamArn ?? ''],
  }),
  new PolicyStatement({ actions: ['dynamodb:ListStreams'], resources: ['*'] }), // cannot be limited to a resource
];

const ourTrainingJobs = (stack: Stack): string =>
  stack.formatArn({
    service: 'sagemaker',
    resource: 'training-job',
    resourceName: `${JOB_NAME_PREFIX}*`,
    arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  });

export const watchTrainings = (stack: Stack): PolicyStatement =>
  new PolicyStatement({
    actions: ['sagemaker:DescribeTrainingJob', 'sagemaker:StopTrainingJob'],
    resources: [ourTrainingJobs(stack)],
  });

/** Creates training jobs: only with our name, network isolation, these instance types and this role. */
export const launchTrainings = (
  stack: Stack,
  trainer: Role,
  instanceTypes: readonly string[],
): PolicyStatement[] => [
  new PolicyStatement({
    actions: ['sagemaker:CreateTrainingJob'],
    resources: [ourTrainingJobs(stack)],
    conditions: {
      Bool: { 'sagemaker:NetworkIsolation': 'true' },
      'ForAllValues:StringEquals': { 'sagemaker:InstanceTypes': instanceTypes },
    },
  }),
  new PolicyStatement({ actions: ['sagemaker:AddTags'], resources: [ourTrainingJobs(stack)] }),
  new PolicyStatement({
    actions: ['iam:PassRole'],
    resources: [trainer.roleArn],
    conditions: { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } },
  }),
];

export const announce = (bus: IEventBus): PolicyStatement =>
  new PolicyStatement({ actions: ['events:PutEvents'], resources: [bus.eventBusArn] });
