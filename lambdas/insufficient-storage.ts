/** The status with which the local S3 and DynamoDB answer that their disk is full. SDKs do not retry it. */
export const INSUFFICIENT_STORAGE = 507;

/** Whether a service has answered that it cannot store anything. On one machine, the service tells the user by itself. */
export function isInsufficientStorage(error: unknown): boolean {
  const { $metadata, cause } = Object(error);
  if ($metadata?.httpStatusCode === INSUFFICIENT_STORAGE) return true;
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.every(isInsufficientStorage);
  return cause instanceof Error && isInsufficientStorage(cause);
}
