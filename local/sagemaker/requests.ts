import * as z from 'zod';

// The fields of SageMaker's API reference, with an error for everything that the local SageMaker does not support.
// Objects are loose: fields without effect on one machine (VPC, KMS keys, tags) are kept and returned.

/** A key or prefix in S3; `s3://bucket` means the whole bucket. */
const S3Uri = z
  .string()
  .max(1024)
  .regex(/^s3:\/\/[^/]+(\/.*)?$/s, 'is not s3://bucket/key');

export const TrainingJobName = z
  .string()
  .max(63)
  .regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/, 'must be letters and digits, with hyphens between them');

/** A field that would change what the job does, and is not supported here. */
const unknownHere = (what: string) =>
  z.undefined({ error: `the local SageMaker has no ${what}` }).optional();

const only = <Value extends string | number>(value: Value, sentence: string) =>
  z.literal(value, { error: sentence });

const ONE_MACHINE = 'the local SageMaker is one machine: set InstanceCount to 1';
const FILES = 'the local SageMaker gives data as files: set the input mode to File';
const UNCOMPRESSED =
  'the local SageMaker gives uncompressed output only: set OutputDataConfig.CompressionType to NONE';

const MetricDefinition = z.looseObject({
  Name: z.string().min(1).max(255),
  Regex: z
    .string()
    .min(1)
    .max(500)
    .refine(hasGroup, 'must be a regular expression with a group that captures the number'),
});

const InstanceType = z.string().regex(/^ml\./, 'is not an instance type');

const AlgorithmSpecification = z.looseObject({
  TrainingImage: z.string().min(1).max(255),
  TrainingInputMode: only('File', FILES),
  MetricDefinitions: z.array(MetricDefinition).max(40).optional(),
  AlgorithmName: unknownHere('algorithms of a marketplace: name a TrainingImage'),
  ContainerEntrypoint: unknownHere(
    'ContainerEntrypoint: what an image runs is set where it starts',
  ),
  ContainerArguments: unknownHere('ContainerArguments: what an image runs is set where it starts'),
});

const S3DataSource = z.looseObject({
  S3DataType: z.enum(['ManifestFile', 'S3Prefix'], {
    error: 'the local SageMaker has ManifestFile and S3Prefix only',
  }),
  S3Uri,
  S3DataDistributionType: z.enum(['FullyReplicated', 'ShardedByS3Key']).optional(), // the same on one machine
});

const Channel = z.looseObject({
  ChannelName: z
    .string()
    .max(64)
    .regex(/^[A-Za-z0-9._-]+$/, 'must be letters, digits, dots, hyphens and underscores')
    .refine((name) => !/^\.+$/.test(name), 'is not a folder name'),
  DataSource: z.looseObject({ S3DataSource }),
  ContentType: z.string().max(256).optional(),
  InputMode: only('File', FILES).optional(),
  CompressionType: only('None', 'the local SageMaker unpacks no channel').optional(),
  RecordWrapperType: only('None', 'the local SageMaker wraps no records').optional(),
  ShuffleConfig: unknownHere('ShuffleConfig'),
});
export type Channel = z.infer<typeof Channel>;

const DAY = 86_400; // seconds

export const CreateTrainingJobRequest = z
  .looseObject({
    TrainingJobName,
    AlgorithmSpecification,
    RoleArn: z.string().regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/?[\w+=,.@/-]+$/, 'is not a role'),
    HyperParameters: z.record(z.string().max(256), z.string().max(2500)).optional(),
    Environment: z.record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string()).optional(),
    InputDataConfig: z
      .array(Channel)
      .min(1)
      .max(20)
      .refine(
        (channels) =>
          new Set(channels.map((channel) => channel.ChannelName)).size === channels.length,
        'names a channel twice',
      )
      .optional(),
    OutputDataConfig: z.looseObject({
      S3OutputPath: S3Uri,
      CompressionType: only('NONE', UNCOMPRESSED),
    }),
    ResourceConfig: z
      .looseObject({
        InstanceType: InstanceType.optional(),
        InstancePreferences: z.array(z.looseObject({ InstanceType })).min(1).max(5).optional(),
        InstanceCount: only(1, ONE_MACHINE),
        VolumeSizeInGB: z.int().min(1),
        InstanceGroups: unknownHere('InstanceGroups: it is one machine'),
      })
      .refine(
        ({ InstanceType: one, InstancePreferences: several }) =>
          (one === undefined) !== (several === undefined),
        'needs an InstanceType or InstancePreferences, and not both',
      ),
    StoppingCondition: z
      .looseObject({
        MaxRuntimeInSeconds: z
          .int()
          .min(1)
          .max(28 * DAY)
          .default(DAY),
        MaxWaitTimeInSeconds: z.int().min(1).optional(),
      })
      .prefault({}),
    CheckpointConfig: z
      .looseObject({
        S3Uri,
        LocalPath: only(
          '/opt/ml/checkpoints',
          'the local SageMaker keeps checkpoints in their usual folder',
        ).optional(),
      })
      .optional(),
    EnableManagedSpotTraining: z.boolean().optional(),
    Tags: z.array(z.looseObject({ Key: z.string(), Value: z.string() })).optional(),
    RetryStrategy: z.looseObject({ MaximumRetryAttempts: z.int().min(1).max(30) }).optional(), // of AWS's own errors
    ServerlessJobConfig: unknownHere('serverless jobs'),
  })
  .refine(
    ({ ResourceConfig, EnableManagedSpotTraining: spot }) =>
      !(spot && ResourceConfig.InstancePreferences),
    'InstancePreferences cannot be used with EnableManagedSpotTraining',
  );
export type CreateTrainingJobRequest = z.infer<typeof CreateTrainingJobRequest>;

/** Of DescribeTrainingJob and StopTrainingJob. */
export const NamedRequest = z.object({ TrainingJobName });

export const TRAINING_JOB_STATUSES = [
  'InProgress',
  'Completed',
  'Failed',
  'Stopping',
  'Stopped',
] as const;

/** Times are in seconds since 1970. Strict: ignoring a filter would give a wrong answer. */
export const ListTrainingJobsRequest = z.strictObject({
  NextToken: z.string().optional(),
  MaxResults: z.int().min(1).max(100).default(10),
  CreationTimeAfter: z.number().optional(),
  CreationTimeBefore: z.number().optional(),
  LastModifiedTimeAfter: z.number().optional(),
  LastModifiedTimeBefore: z.number().optional(),
  NameContains: z.string().max(63).optional(),
  StatusEquals: z.enum(TRAINING_JOB_STATUSES).optional(),
  SortBy: z.enum(['Name', 'CreationTime', 'Status']).default('CreationTime'),
  SortOrder: z.enum(['Ascending', 'Descending']).default('Ascending'),
});
export type ListTrainingJobsRequest = z.infer<typeof ListTrainingJobsRequest>;

function hasGroup(pattern: string): boolean {
  try {
    return (new RegExp(`${pattern}|`).exec('')?.length ?? 0) > 1; // the empty alternative matches, and counts groups
  } catch {
    return false;
  }
}
