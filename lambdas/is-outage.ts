/** There was no connection, or it was cut, as Node and its fetch report it. */
export const NETWORK_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The network, the disk or the process is at its limits. */
const SYSTEM_CODES = new Set([
  ...NETWORK_CODES,
  'ENOSPC',
  'EDQUOT',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EIO',
  'EROFS',
]);
const NAMES =
  /Throttl|TooManyRequests|SlowDown|RequestLimit|LimitExceeded|Timeout|Credentials|ExpiredToken|AccessDenied|Forbidden/i;
const STATUSES = new Set([401, 403, 407, 408, 429]); // and everything from 500 on

/**
 * Whether an error says that a service, the network, the disk or a permission is missing at present, rather than that
 * this job cannot be handled. Its causes count too: a library wraps what the network reports.
 */
export function isOutage(error: unknown): boolean {
  for (
    let each = error, depth = 0;
    each instanceof Error && depth < 8;
    each = each.cause, depth++
  ) {
    if (isOutageItself(each)) return true;
    if (each instanceof AggregateError && each.errors.some(isOutage)) return true;
  }
  return false;
}

function isOutageItself(error: Error): boolean {
  const { code, $metadata } = error as {
    code?: unknown;
    $metadata?: { httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode ?? 0;
  return (
    (typeof code === 'string' && SYSTEM_CODES.has(code)) ||
    status >= 500 ||
    STATUSES.has(status) ||
    ($metadata !== undefined && NAMES.test(error.name)) ||
    error.name === 'TimeoutError'
  );
}
