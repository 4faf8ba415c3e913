import { FilterLogEventsCommand, ResourceNotFoundException } from '@aws-sdk/client-cloudwatch-logs';
import { dollarsFor } from '#core/cost.ts';
import { describeExpectedTime, parseExpectedTime, totalSeconds } from '#core/expected-time.ts';
import type { Job } from '#core/job.ts';
import type { Run } from '#core/job-run.ts';
import {
  type EpochResult,
  parseEpochLine,
  parseProgressLine,
  type TrainingProgress,
} from '#core/progress-line.ts';
import { TRAINING_LOGS } from '#core/training-contract.ts';
import { escapeForTerminal } from '#local/escape-for-terminal.ts';
import type { Pipeline } from './connect.ts';

/** What is new in the log of a training. */
export interface News {
  lines: string[]; // worth keeping: what was measured and decided
  progress: TrainingProgress | undefined; // the latest
  epoch: EpochResult | undefined; // the latest
}

/** Returns a function that reads what was added to a job's log since it was last called. */
export function trainingLog({ logs }: Pick<Pipeline, 'logs'>): (job: Job) => Promise<News> {
  let startTime = 0;
  let last: string[] = []; // what was read of that millisecond; more may have followed
  return async ({ run }) => {
    if (!run) return { lines: [], progress: undefined, epoch: undefined };
    const events = await eventsOf(logs, run.trainingJobName, startTime);
    const idOf = ({ timestamp, message }: LogEvent) => `${timestamp} ${message}`;
    const added = events.filter((event) => !last.includes(idOf(event)));
    const newest = added.at(-1)?.timestamp;
    if (newest !== undefined) {
      last = events.filter(({ timestamp }) => timestamp === newest).map(idOf);
      startTime = newest;
    }
    return {
      lines: added.flatMap((event) => keptLine(event, run)),
      progress: added.map(({ message }) => parseProgressLine(message)).findLast(Boolean),
      epoch: added.map(({ message }) => parseEpochLine(message)).findLast(Boolean),
    };
  };
}

interface LogEvent {
  timestamp: number; // ms since 1970
  message: string;
}

async function eventsOf(
  logs: Pipeline['logs'],
  logStreamNamePrefix: string,
  startTime: number,
): Promise<LogEvent[]> {
  const found: LogEvent[] = [];
  let nextToken: string | undefined;
  do {
    const filter = { logGroupName: TRAINING_LOGS, logStreamNamePrefix, startTime };
    const page = await logs
      .send(new FilterLogEventsCommand({ ...filter, ...(nextToken && { nextToken }) }))
      .catch((error: unknown) => {
        if (error instanceof ResourceNotFoundException) return { events: [], nextToken: undefined }; // no training has ever run here
        throw error;
      });
    for (const { timestamp = startTime, message = '' } of page.events ?? [])
      found.push({ timestamp, message: message.trim() });
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return found;
}

/** The lines that are kept, by their first word, and what a person reads in its place. */
const KEPT: Record<string, string> = { survey: 'Tried', plan: 'Plan', race: 'Tried' };

/** A line that is shown as long as the job is followed: what was measured, what was decided, what it will take. */
function keptLine({ timestamp, message }: LogEvent, run: Run): string[] {
  const expected = parseExpectedTime(message);
  if (expected) {
    const words = describeExpectedTime(expected, new Date(timestamp));
    return [`Time: ${words}${priceOf(totalSeconds(expected), run)}`];
  }
  const [, first = '', rest = ''] = /^([a-z]+): (\S.*)$/.exec(message) ?? [];
  const word = Object.hasOwn(KEPT, first) ? KEPT[first] : undefined;
  return word === undefined ? [] : [`${word}: ${escapeForTerminal(rest)}`];
}

/** Nothing where nothing is billed. */
function priceOf(seconds: number, { instanceType, estimate }: Run): string {
  const type = estimate && (instanceType ?? estimate.instanceType);
  const dollars = type === undefined ? undefined : dollarsFor(type, seconds);
  return dollars === undefined ? '' : `; about $${dollars.toFixed(2)}`;
}
