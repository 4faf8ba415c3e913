// The names of the local pipeline's resources; on AWS they are outputs of the stack.

/** The account and region in every ARN and event of the local AWS. */
export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';

export const BUCKET = 'understudy';
export const JOB_TABLE = 'understudy-jobs';
export const BUS = 'understudy';
export const TRAINING_IMAGE = 'understudy-trainer:local';
export const TRAINING_ROLE = `arn:aws:iam::${ACCOUNT}:role/understudy-trainer`;

/** Of a training job whose recipe sets none: chosen, as long as a person waits beside a laptop. */
export const DEFAULT_MINUTES = 10;

/** Any credentials work: nothing checks them, and only this machine can reach the endpoint. */
export const LOCAL_CREDENTIALS = {
  region: REGION,
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
};
