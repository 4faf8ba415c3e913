import { S3Error } from './errors.ts';

const MAX_SECONDS = 7 * 24 * 3600; // S3's own limit

/**
 * Refuses a presigned URL after its time, as S3 does; signatures are not checked here. Requests without one pass.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 * @throws S3Error AccessDenied | AuthorizationQueryParametersError
 */
export function refuseExpired(query: URLSearchParams, now: Date): void {
  const expires = expiryOf(query);
  if (expires === undefined || now.getTime() <= expires) return;
  throw new S3Error('AccessDenied', 'Request has expired', {
    Expires: new Date(expires).toISOString(),
    ServerTime: now.toISOString(),
  });
}

/** Milliseconds since 1970; `undefined` for requests that are not presigned. */
function expiryOf(query: URLSearchParams): number | undefined {
  const seconds = query.get('X-Amz-Expires');
  const signedAt = query.get('X-Amz-Date');
  if (seconds !== null || (signedAt !== null && query.has('X-Amz-Signature'))) {
    const start = timeOf(signedAt ?? '');
    if (start === undefined || !/^\d{1,6}$/.test(seconds ?? '') || Number(seconds) > MAX_SECONDS) {
      const message = `X-Amz-Date must be a time like 20261124T000000Z, and X-Amz-Expires a number of seconds up to ${MAX_SECONDS}.`;
      throw new S3Error('AuthorizationQueryParametersError', message);
    }
    return start + 1000 * Number(seconds);
  }
  // Signature version 2, as old clients use it.
  const old = query.get('Expires');
  return query.has('Signature') && old !== null ? 1000 * Number(old) || 0 : undefined;
}

function timeOf(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) return undefined;
  const [year = 0, month = 1, ...rest] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, ...rest);
}
