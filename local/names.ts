import { REGION } from './events/account.ts';

/** What the local form calls its one of each; on AWS the stack's outputs say it. */
export const BUCKET = 'understudy';
export const JOB_TABLE = 'understudy-jobs';
export const BUS = 'understudy';
export const TRAINING_IMAGE = 'understudy-trainer:local';
export const TRAINING_ROLE = 'arn:aws:iam::000000000000:role/understudy-trainer';

/** Any credentials will do: nothing checks them, and nothing but this machine can reach the endpoint. */
export const LOCAL_CREDENTIALS = {
  region: REGION,
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
};
