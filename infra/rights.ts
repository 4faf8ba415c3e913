import { ArnFormat, type Stack } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { JOB_NAME_PREFIX } from '#core/identity.ts';
import { OPEN_JOBS } from '#lambdas/aws/jobs.ts';

// Written by hand from the calls in lambdas/aws/: the L2's grants are wider than any stage needs.

/** Reads objects below these prefixes; that one is absent is an answer, and needs the right to list. */
export const readObjects = (bucket: IBucket, ...prefixes: string[]): PolicyStatement[] => [
  new PolicyStatement({
    actions: ['s3:GetObject'],
    resources: prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`)),
  }),
  new PolicyStatement({
    actions: ['s3:ListBucket'],
    resources: [bucket.bucketArn],
    // IfExists: reading a key that is absent asks for this right as well, and says no prefix.
    conditions: { StringLikeIfExists: { 's3:prefix': prefixes.map((prefix) => `${prefix}*`) } },
  }),
];

export const writeObjects = (bucket: IBucket, ...prefixes: string[]): PolicyStatement =>
  new PolicyStatement({
    actions: ['s3:PutObject'],
    resources: prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`)),
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
  new PolicyStatement({ actions: ['dynamodb:ListStreams'], resources: ['*'] }), // it knows no narrower resource
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

/** Only jobs of our name, without a network, on these instance types, as that one role. */
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
