import { ANNOUNCEMENT_SOURCE, ANNOUNCEMENT_TYPE } from './announcement.ts';
import { JOB_NAME_PREFIX } from './identity.ts';
import { DATASETS } from './keys.ts';

// What infra/ and local/ must agree on: which event reaches which stage, and in what batches. Patterns are
// EventBridge's; the same language filters a DynamoDB stream.

/** S3's event of an object that may seal an upload; which keys do is for `uploadSealedBy` to say. */
export const UPLOADS = {
  source: ['aws.s3'],
  'detail-type': ['Object Created'],
  detail: { object: { key: [{ prefix: DATASETS }] } },
};

/** Rows whose training can be launched. */
export const VALIDATED_ROWS = { dynamodb: { NewImage: { state: { S: ['validated'] } } } };

/** SageMaker's event of one of our training jobs. */
export const TRAININGS = {
  source: ['aws.sagemaker'],
  'detail-type': ['SageMaker Training Job State Change'],
  detail: { TrainingJobName: [{ prefix: JOB_NAME_PREFIX }] },
};

/** Rows with something in their outbox. */
export const ROWS_WITH_ANNOUNCEMENTS = { dynamodb: { NewImage: { announce: { S: ['pending'] } } } };

/** What announce-job puts on the project's bus. */
export const ANNOUNCEMENTS = { source: [ANNOUNCEMENT_SOURCE], 'detail-type': [ANNOUNCEMENT_TYPE] };

/** How long one invocation of a stage may take, and how many records it gets at most. */
export const STAGES = {
  'validate-dataset': { timeoutSeconds: 900, batchSize: 1 }, // one upload may have 200,000 images
  'launch-training': { timeoutSeconds: 60, batchSize: 10 },
  'publish-student': { timeoutSeconds: 900, batchSize: 1 }, // it copies a model
  'announce-job': { timeoutSeconds: 60, batchSize: 10 },
  'sweep-jobs': { timeoutSeconds: 900, batchSize: 1 },
} as const;

export const SWEEP_EVERY_MINUTES = 5;
