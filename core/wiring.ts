import { ANNOUNCEMENT_SOURCE, ANNOUNCEMENT_TYPE } from './announcement.ts';
import { JOB_NAME_PREFIX } from './identity.ts';
import { DATASETS } from './keys.ts';

// infra/ and local/ connect the stages by these tables: which event reaches which stage, in what batches, and how often
// it is retried. The patterns are EventBridge's; the same language filters a DynamoDB stream.

/** S3's event for an object that may complete an upload; `uploadSealedBy` decides whether it does. */
export const UPLOADS = {
  source: ['aws.s3'],
  'detail-type': ['Object Created'],
  detail: { object: { key: [{ prefix: DATASETS }] } },
};

/** Rows whose training can be launched. */
export const VALIDATED_ROWS = { dynamodb: { NewImage: { state: { S: ['validated'] } } } };

/** SageMaker's event for one of our training jobs. */
export const TRAININGS = {
  source: ['aws.sagemaker'],
  'detail-type': ['SageMaker Training Job State Change'],
  detail: { TrainingJobName: [{ prefix: JOB_NAME_PREFIX }] },
};

/** Rows with announcements in their outbox. */
export const ROWS_WITH_ANNOUNCEMENTS = { dynamodb: { NewImage: { announce: { S: ['pending'] } } } };

/** The events that announce-job puts on the project's bus. */
export const ANNOUNCEMENTS = { source: [ANNOUNCEMENT_SOURCE], 'detail-type': [ANNOUNCEMENT_TYPE] };

/** After so many receives a message moves to the dead-letter queue; at most so many invocations run at the same time. */
const QUEUE = { maxReceiveCount: 5, maxConcurrency: 5 } as const;

/** After so many retries a batch is given up; a batch that fails as a whole is halved. */
const STREAM = { maximumRetryAttempts: 5, bisectBatchOnFunctionError: true } as const;

/** Per stage: the longest invocation, its largest batch, and the retries of what feeds it. */
export const STAGES = {
  'validate-dataset': { timeoutSeconds: 900, batchSize: 1, ...QUEUE }, // an upload may have 200,000 images
  'launch-training': { timeoutSeconds: 60, batchSize: 10, ...STREAM },
  'publish-student': { timeoutSeconds: 900, batchSize: 1, ...QUEUE }, // it copies a model
  'announce-job': { timeoutSeconds: 60, batchSize: 10, ...STREAM },
  'sweep-jobs': { timeoutSeconds: 900, batchSize: 1 }, // the next sweep is the retry
} as const;
export type StageName = keyof typeof STAGES;

export const SWEEP_EVERY_MINUTES = 5;
