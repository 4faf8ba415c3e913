import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
} from 'aws-cdk-lib/aws-dynamodb';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  type IBucket,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { SWEEPS } from '#core/keys.ts';
import { OPEN_JOBS } from '#lambdas/aws/jobs.ts';
import type { ParsedSettings } from './settings.ts';

/** The one bucket: datasets come in, students go out. Retained when the stack is deleted, unless it is ephemeral. */
export function bucketOf(
  scope: Construct,
  { bucketName, ephemeral }: Pick<ParsedSettings, 'bucketName' | 'ephemeral'>,
): IBucket {
  if (bucketName !== undefined) return Bucket.fromBucketName(scope, 'Bucket', bucketName);
  const bucket = new Bucket(scope, 'Bucket', {
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    versioned: true, // an overwritten dataset or student can be restored
    removalPolicy: ephemeral ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    lifecycleRules: [
      { abortIncompleteMultipartUploadAfter: Duration.days(7) },
      { prefix: 'jobs/', noncurrentVersionExpiration: Duration.days(30) },
      { prefix: SWEEPS, noncurrentVersionExpiration: Duration.days(1) }, // rewritten with every new upload
    ],
  });
  // By the L1 property: the L2's `eventBridgeEnabled` would add a hidden Lambda function and role to the stack.
  (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
    eventBridgeConfiguration: { eventBridgeEnabled: true },
  };
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions::AwsSolutions-S1',
    reason:
      'Access logs would need a second bucket; those who want them can turn on CloudTrail data events.',
  });
  return bucket as IBucket; // the CDK's classes do not satisfy exactOptionalPropertyTypes
}

/** The job table: one row per job, kept until `understudy rm` deletes it, with a stream of each row's new image. */
export function jobTableOf(
  scope: Construct,
  { ephemeral }: Pick<ParsedSettings, 'ephemeral'>,
): Table {
  const table = new Table(scope, 'JobTable', {
    partitionKey: { name: 'row', type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    stream: StreamViewType.NEW_IMAGE,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy: ephemeral ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
  table.addGlobalSecondaryIndex({
    indexName: OPEN_JOBS,
    partitionKey: { name: 'open', type: AttributeType.STRING },
    sortKey: { name: 'deadline', type: AttributeType.STRING },
    projectionType: ProjectionType.ALL,
  });
  return table;
}
