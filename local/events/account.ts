/** Who and where the local AWS says it is; it stands in every ARN and event. */
export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';
