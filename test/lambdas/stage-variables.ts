/** Every variable that a handler reads. */
export const STAGE_VARIABLES = {
  AWS_REGION: 'eu-west-1',
  POWERTOOLS_LOG_LEVEL: 'SILENT',
  BUCKET: 'understudy',
  JOB_TABLE: 'jobs',
  TRAINING_IMAGE: 'i@sha256:0',
  TRAINING_ROLE: 'arn:aws:iam::1:role/t',
  SPOT: 'true',
  INSTANCE_TYPES: 'ml.g4dn.xlarge',
  DEFAULT_MINUTES: '60',
  MAX_CONCURRENT_JOBS: '1',
  ANNOUNCEMENT_BUS: 'bus',
};
