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
