import { setTimeout as pause } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { StaleJob } from '#ports';

const MOST_LOOKS = 5;

/**
 * Does the work of one record. Whoever lost a row to a faster writer looks anew at once; any other failure goes to the
 * log and then back to the queue or stream, which tries again later.
 */
export async function tryRecord(work: () => Promise<unknown>, context: Context): Promise<void> {
  for (let look = 1; ; look++) {
    try {
      await work();
      return;
    } catch (error) {
      if (error instanceof StaleJob && look < MOST_LOOKS) {
        await pause(20 * look * Math.random());
        continue;
      }
      console.error(failureLine(error, context));
      throw error;
    }
  }
}

/** One line of JSON: what CloudWatch Logs can search. */
function failureLine(error: unknown, { functionName, awsRequestId }: Context): string {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return JSON.stringify({
    level: 'error',
    stage: functionName,
    awsRequestId,
    name,
    message,
    stack,
  });
}
