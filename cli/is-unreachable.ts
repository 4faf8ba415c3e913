import { NETWORK_CODES } from '#lambdas/is-outage.ts';

/** Whether there was no connection, or it was cut, as the SDKs and fetch report it. */
export function isUnreachable(error: unknown): boolean {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    const { code, errors } = each as { code?: string; errors?: unknown[] };
    if (code !== undefined && NETWORK_CODES.has(code)) return true;
    if (errors?.some(isUnreachable)) return true;
  }
  return false;
}
