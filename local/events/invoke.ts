import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { ACCOUNT, REGION } from '../names.ts';

/** A Lambda handler as this project writes them: it parses its own event. */
export type LambdaHandler = (event: unknown, context: Context) => unknown;

export interface Lambda {
  /** the name in logs, and `context.functionName` */
  name: string;
  handler: LambdaHandler;
  /** an invocation that takes longer has failed; 3 as on AWS unless given */
  timeoutSeconds?: number;
}

export const DEFAULT_TIMEOUT_SECONDS = 3;

/**
 * Runs a handler once, with a time limit.
 * Unlike AWS, which freezes a function that timed out, this cannot stop its code: that runs on, unobserved.
 *
 * @throws what the handler throws, or an error that names the time limit
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
    // The event is copied: a handler that changes its event must not change what a retry will see.
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
    // Callback style was removed from the Node 24 runtime; the type still asks for its three functions.
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}
