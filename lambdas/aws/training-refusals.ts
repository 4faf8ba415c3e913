import { ResourceLimitExceeded, SageMakerServiceException } from '@aws-sdk/client-sagemaker';
import { LaunchRefused, NoCapacity } from '#ports';

/**
 * Why SageMaker did not create a training job on an instance type, and whether it may do so later.
 *
 * @throws the error itself if it says nothing about the request: an outage, or expired credentials
 */
export function refusalOf(error: unknown, instanceType: string): NoCapacity | LaunchRefused {
  if (error instanceof ResourceLimitExceeded) {
    // A region that lacks the type answers so, too: there is no quota that one could wait for.
    if (/not available in this region/i.test(error.message)) return refused(error, instanceType);
    return new NoCapacity('quota', quotaReason(error.message), { cause: error });
  }
  if (error instanceof Error && CAPACITY.test(`${error.name} ${error.message}`))
    return new NoCapacity('capacity', `${instanceType}: ${error.message}`, { cause: error });
  const isOurs = error instanceof SageMakerServiceException && error.$fault === 'client';
  if (isOurs && !PASSING.test(error.name)) return refused(error, instanceType);
  throw error;
}

const CAPACITY = /InsufficientCapacity|CapacityError|Throttling/i;

/** Errors of the caller that have nothing to do with the request. */
const PASSING = /TooManyRequests|RequestLimit|Timeout|Expired|Signature|Token/i;

const refused = (cause: Error, instanceType: string): LaunchRefused =>
  new LaunchRefused(`${instanceType}: ${cause.message} (${cause.name})`, { cause });

/**
 * One error for those of all instance types: if a single one may be had later, the job waits for it.
 *
 * @param refusals at least one
 */
export function together(refusals: readonly (NoCapacity | LaunchRefused)[]): Error {
  const [first] = refusals;
  if (!first) throw new Error('there is no instance type to try');
  const reasons = [...new Set(refusals.map(({ message }) => message))].join(' ');
  const waits = refusals.find((each) => each instanceof NoCapacity);
  return waits
    ? new NoCapacity(waits.waitingFor, reasons, { cause: waits.cause })
    : new LaunchRefused(reasons, { cause: first.cause });
}

/** AWS's message names the quota; this adds the command that requests an increase to what is used and asked for. */
function quotaReason(message: string): string {
  const quota = /'([^']+)'/.exec(message)?.[1];
  if (quota === undefined) return message;
  const [used, more] = [/utilization of (\d+)/, /delta of (\d+)/].map((number) =>
    Number(number.exec(message)?.[1] ?? 0),
  );
  const wanted = Math.max(1, (used ?? 0) + (more ?? 0));
  const query = `Quotas[?QuotaName=='${quota}'].QuotaCode`;
  return `${message} To request an increase: aws service-quotas request-service-quota-increase --service-code sagemaker --desired-value ${wanted} --quota-code $(aws service-quotas list-service-quotas --service-code sagemaker --output text --query "${query}")`;
}
