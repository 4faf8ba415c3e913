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
import { OPEN_JOBS } from '#lambdas/aws/jobs.ts';
import type { SettledSettings } from './settings.ts';

/** The one bucket: datasets come in, students go out. Kept when the stack goes, unless it is ephemeral. */
export function bucketOf(
  scope: Construct,
  { bucketName, ephemeral }: Pick<SettledSettings, 'bucketName' | 'ephemeral'>,
): IBucket {
  if (bucketName !== undefined) return Bucket.fromBucketName(scope, 'Bucket', bucketName);
  const bucket = new Bucket(scope, 'Bucket', {
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    versioned: true, // a dataset or student that is overwritten can be had back
    removalPolicy: ephemeral ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    lifecycleRules: [
      { abortIncompleteMultipartUploadAfter: Duration.days(7) },
      { prefix: 'jobs/', tagFilters: {}, noncurrentVersionExpiration: Duration.days(30) },
    ],
  });
  // By the L1 property: the L2's `eventBridgeEnabled` would bring a hidden Lambda and role into the stack.
  (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
    eventBridgeConfiguration: { eventBridgeEnabled: true },
  };
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions::AwsSolutions-S1',
    reason:
      'Access logs would need a second bucket; whoever wants them switches CloudTrail data events on.',
  });
  return bucket as IBucket; // the CDK's classes were not checked with exact optional properties
}

/** The job table: one row a job, kept for ever, with a stream of what each row becomes. */
export function jobTableOf(
  scope: Construct,
  { ephemeral }: Pick<SettledSettings, 'ephemeral'>,
): Table {
  const table = new Table(scope, 'JobTable', {
    partitionKey: { name: 'row', type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    stream: StreamViewType.NEW_IMAGE,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: !ephemeral,
    removalPolicy: ephemeral ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
  });
  table.addGlobalSecondaryIndex({
    indexName: OPEN_JOBS,
    partitionKey: { name: 'open', type: AttributeType.STRING },
    sortKey: { name: 'deadline', type: AttributeType.STRING },
    projectionType: ProjectionType.ALL,
  });
  return table;
}
