import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { answerJson, type JsonAnswer, operationOf, refusal } from '../events/aws-json.ts';

interface LogEvent {
  logStreamName: string;
  timestamp: number; // ms since 1970
  message: string;
}

const MAX_EVENTS = 20_000; // kept in memory; the log files of the training jobs have all lines
const PAGE = 10_000; // CloudWatch's own limit

const FilterLogEvents = z.object({
  logGroupName: z.string(),
  logStreamNamePrefix: z.string().optional(),
  startTime: z.number().optional(),
  endTime: z.number().optional(),
  limit: z.int().min(1).max(PAGE).default(PAGE),
  nextToken: z.string().optional(),
});

/** CloudWatch Logs in this process, for following a job: the latest lines of one log group, by FilterLogEvents. */
export function localLogs(logGroupName: string, now: () => number = Date.now) {
  let events: LogEvent[] = [];

  function filter(parameters: unknown): JsonAnswer {
    const request = FilterLogEvents.safeParse(parameters);
    if (!request.success)
      return refusal('InvalidParameterException', z.prettifyError(request.error));
    const {
      logStreamNamePrefix = '',
      startTime = 0,
      endTime = Infinity,
      limit,
      nextToken,
    } = request.data;
    if (request.data.logGroupName !== logGroupName) {
      return refusal('ResourceNotFoundException', 'The specified log group does not exist.');
    }
    const fitting = events.filter(
      ({ logStreamName, timestamp }) =>
        logStreamName.startsWith(logStreamNamePrefix) &&
        timestamp >= startTime &&
        timestamp < endTime,
    );
    const from = Number(nextToken ?? 0);
    const rest = from + limit < fitting.length;
    return {
      status: 200,
      body: {
        events: fitting.slice(from, from + limit),
        ...(rest && { nextToken: String(from + limit) }),
      },
    };
  }

  return {
    write(logStreamName: string, message: string): void {
      events.push({ logStreamName, timestamp: now(), message });
      if (events.length > 2 * MAX_EVENTS) events = events.slice(-MAX_EVENTS);
    },

    handle: (request: IncomingMessage, response: ServerResponse): Promise<void> =>
      answerJson(request, response, 'application/x-amz-json-1.1', (parameters) =>
        operationOf(request) === 'FilterLogEvents'
          ? filter(parameters)
          : refusal(
              'UnknownOperationException',
              `the local CloudWatch Logs has no ${operationOf(request)}`,
            ),
      ),
  };
}

export type LocalLogs = ReturnType<typeof localLogs>;
