const CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether there was no connection, or it was cut, as the SDKs and fetch report it. */
export function isUnreachable(error: unknown): boolean {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    const { code, errors } = each as { code?: string; errors?: unknown[] };
    if (code !== undefined && CODES.has(code)) return true;
    if (errors?.some(isUnreachable)) return true;
  }
  return false;
}
