import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { answerJson, type JsonAnswer, operationOf, refusal } from '../events/aws-json.ts';
import { ACCOUNT, REGION } from '../names.ts';

interface LogEvent {
  sequence: number; // rises by one with each line of the process
  logStreamName: string;
  timestamp: number; // ms since 1970
  message: string;
}

const MAX_EVENTS = 20_000; // kept in memory; the log files of the training jobs have all lines
const PAGE = 10_000; // CloudWatch's own limit
const STREAMS_PAGE = 50; // CloudWatch's own limit

const Group = z.object({ logGroupName: z.string() });

const FilterLogEvents = Group.extend({
  logStreamNames: z.array(z.string()).optional(),
  logStreamNamePrefix: z.string().default(''),
  filterPattern: z
    .string()
    .refine(
      (pattern) => !/^\s*[[{%]|(^|\s)[?-]/.test(pattern),
      'only words and "phrases" are supported',
    )
    .default(''),
  startTime: z.number().default(0),
  endTime: z.number().default(Infinity),
  limit: z.int().min(1).max(PAGE).default(PAGE),
  nextToken: z.string().regex(/^\d+$/).optional(),
});

const GetLogEvents = Group.extend({
  logStreamName: z.string(),
  startTime: z.number().default(0),
  endTime: z.number().default(Infinity),
  limit: z.int().min(1).max(PAGE).default(PAGE),
  startFromHead: z.boolean().default(false),
  nextToken: z
    .string()
    .regex(/^[fb]\/\d+$/)
    .optional(),
});

const DescribeLogStreams = Group.extend({
  logStreamNamePrefix: z.string().default(''),
  orderBy: z.enum(['LogStreamName', 'LastEventTime']).default('LogStreamName'),
  descending: z.boolean().default(false),
  limit: z.int().min(1).max(STREAMS_PAGE).default(STREAMS_PAGE),
  nextToken: z.string().regex(/^\d+$/).optional(),
});

const DescribeLogGroups = z.object({ logGroupNamePrefix: z.string().default('') });

/** CloudWatch Logs in this process, for following a job: the latest lines of one log group, to be read only. */
export function localLogs(logGroupName: string, now: () => number = Date.now) {
  let events: LogEvent[] = [];
  let written = 0;

  /** An operation on the log group, with its parameters checked. */
  const operation =
    <Schema extends z.ZodType>(schema: Schema, answer: (request: z.output<Schema>) => unknown) =>
    (parameters: unknown): JsonAnswer => {
      const request = schema.safeParse(parameters);
      if (!request.success) {
        return refusal('InvalidParameterException', z.prettifyError(request.error));
      }
      const group = Object(request.data).logGroupName;
      if (group !== undefined && group !== logGroupName) {
        return refusal('ResourceNotFoundException', 'The specified log group does not exist.');
      }
      return { status: 200, body: answer(request.data) };
    };

  const operations = new Map<string, (parameters: unknown) => JsonAnswer>([
    [
      'FilterLogEvents',
      operation(FilterLogEvents, (request) => {
        const { logStreamNames, logStreamNamePrefix, startTime, endTime, limit } = request;
        const isWanted = containsAll(request.filterPattern);
        const from = Number(request.nextToken ?? 0); // a sequence: what is dropped meanwhile moves no page
        const fitting = events.filter(
          ({ sequence, logStreamName, timestamp, message }) =>
            sequence >= from &&
            (logStreamNames?.includes(logStreamName) ?? true) &&
            logStreamName.startsWith(logStreamNamePrefix) &&
            timestamp >= startTime &&
            timestamp < endTime &&
            isWanted(message),
        );
        const next = fitting[limit];
        return {
          events: fitting.slice(0, limit).map(({ sequence, ...event }) => ({
            ...event,
            ingestionTime: event.timestamp,
            eventId: String(sequence),
          })),
          searchedLogStreams: [],
          ...(next && { nextToken: String(next.sequence) }),
        };
      }),
    ],
    [
      'GetLogEvents',
      operation(GetLogEvents, ({ logStreamName, startTime, endTime, limit, ...request }) => {
        const { nextToken } = request;
        const edge = Number(nextToken?.slice(2) ?? 0);
        const isForward = nextToken ? nextToken.startsWith('f') : request.startFromHead;
        const fitting = events.filter(
          (event) =>
            event.logStreamName === logStreamName &&
            event.timestamp >= startTime &&
            event.timestamp < endTime &&
            (!nextToken || (isForward ? event.sequence >= edge : event.sequence < edge)),
        );
        const page = isForward ? fitting.slice(0, limit) : fitting.slice(-limit);
        const [first, last] = [page[0], page.at(-1)];
        return {
          events: page.map(({ timestamp, message }) => ({
            timestamp,
            message,
            ingestionTime: timestamp,
          })),
          // At an end the same token comes back, and the reader stops.
          nextForwardToken: `f/${last ? last.sequence + 1 : nextToken ? edge : written}`,
          nextBackwardToken: `b/${first ? first.sequence : edge}`,
        };
      }),
    ],
    [
      'DescribeLogStreams',
      operation(DescribeLogStreams, (request) => {
        const streams = streamsOf(events, logGroupName).filter(({ logStreamName }) =>
          logStreamName.startsWith(request.logStreamNamePrefix),
        );
        streams.sort((a, b) =>
          request.orderBy === 'LastEventTime'
            ? a.lastEventTimestamp - b.lastEventTimestamp
            : a.logStreamName < b.logStreamName
              ? -1
              : 1,
        );
        if (request.descending) streams.reverse();
        const from = Number(request.nextToken ?? 0);
        const end = from + request.limit;
        return {
          logStreams: streams.slice(from, end),
          ...(end < streams.length && { nextToken: String(end) }),
        };
      }),
    ],
    [
      'DescribeLogGroups',
      operation(DescribeLogGroups, ({ logGroupNamePrefix }) => ({
        logGroups: logGroupName.startsWith(logGroupNamePrefix)
          ? [{ logGroupName, arn: arnOf(logGroupName), storedBytes: 0 }]
          : [],
      })),
    ],
  ]);

  return {
    write(logStreamName: string, message: string): void {
      events.push({ sequence: written++, logStreamName, timestamp: now(), message });
      if (events.length > 2 * MAX_EVENTS) events = events.slice(-MAX_EVENTS);
    },

    handle: (request: IncomingMessage, response: ServerResponse): Promise<void> =>
      answerJson(request, response, 'application/x-amz-json-1.1', (parameters) => {
        const name = operationOf(request);
        return (
          operations.get(name)?.(parameters) ??
          refusal('UnknownOperationException', `the local CloudWatch Logs has no ${name}`)
        );
      }),
  };
}

export type LocalLogs = ReturnType<typeof localLogs>;

const arnOf = (group: string): string => `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${group}`;

/** The streams that the kept events belong to, in no particular order. */
function streamsOf(events: readonly LogEvent[], group: string) {
  const byName = new Map<string, { first: number; last: number }>();
  for (const { logStreamName, timestamp } of events) {
    const known = byName.get(logStreamName);
    if (known) known.last = timestamp;
    else byName.set(logStreamName, { first: timestamp, last: timestamp });
  }
  return [...byName].map(([logStreamName, { first, last }]) => ({
    logStreamName,
    creationTime: first,
    firstEventTimestamp: first,
    lastEventTimestamp: last,
    lastIngestionTime: last,
    arn: `${arnOf(group)}:log-stream:${logStreamName}`,
    storedBytes: 0,
  }));
}

/** CloudWatch's filter patterns, of which there are words and phrases in quotation marks: all of them must occur. */
function containsAll(pattern: string): (message: string) => boolean {
  const terms = [...pattern.matchAll(/"([^"]*)"|(\S+)/g)].map(([, phrase, word]) => phrase ?? word);
  return (message) => terms.every((term) => message.includes(term ?? ''));
}
