/** The account that moto takes for everybody's. */
export const ACCOUNT = '123456789012';

/** None that anything takes by default. */
export const REGION = 'eu-west-1';

/** Settings of any SDK client that is to talk to moto; one try, so that errors are seen as sent. */
export const motoClient = (endpoint: string) => ({
  endpoint,
  region: REGION,
  credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  maxAttempts: 1,
});

/** The same for a program that is to talk to moto. */
export const awsEnvironment = (endpoint: string) => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: REGION,
  AWS_ACCESS_KEY_ID: 'any',
  AWS_SECRET_ACCESS_KEY: 'any',
  // Of an object that was uploaded in parts and then copied, moto tells the checksum of its parts as that of its bytes.
  AWS_RESPONSE_CHECKSUM_VALIDATION: 'WHEN_REQUIRED',
});
