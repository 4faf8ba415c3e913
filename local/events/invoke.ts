import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { ACCOUNT, REGION } from '../names.ts';

/** A Lambda handler as this project writes them: it parses its own event. */
export type LambdaHandler = (event: unknown, context: Context) => unknown;

export interface Lambda {
  /** the name in logs, and `context.functionName` */
  name: string;
  handler: LambdaHandler;
  /** an invocation that takes longer fails; 3 by default, as on AWS */
  timeoutSeconds?: number;
}

export const DEFAULT_TIMEOUT_SECONDS = 3;

/**
 * Runs a handler once, with a time limit.
 * AWS freezes a function that timed out; this cannot stop its code, which runs on unobserved.
 *
 * @throws whatever the handler throws, or an Error that names the time limit
 */
export async function invoke(lambda: Lambda, event: unknown): Promise<unknown> {
  const limit = (lambda.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000; // ms
  const deadline = Date.now() + limit;
  const context = contextOf(lambda.name, () => Math.max(0, deadline - Date.now()));

  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<never>((_, reject) => {
    const message = `${lambda.name} timed out after ${limit / 1000} seconds`;
    timer = setTimeout(() => reject(new Error(message)), limit);
  });
  try {
    // A copy, so that a handler that changes its event does not change what a retry will see.
    const answer = Promise.resolve(structuredClone(event)).then((own) =>
      lambda.handler(own, context),
    );
    return await Promise.race([answer, timedOut]);
  } finally {
    clearTimeout(timer);
  }
}

function contextOf(functionName: string, getRemainingTimeInMillis: () => number): Context {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${functionName}`,
    memoryLimitInMB: '1024',
    awsRequestId: randomUUID(),
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'local',
    getRemainingTimeInMillis,
    // The Node 24 runtime has no callbacks any more; the type still requires these three functions.
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}
