import { FilterLogEventsCommand, ResourceNotFoundException } from '@aws-sdk/client-cloudwatch-logs';
import { dollarsFor } from '#core/cost.ts';
import { describeExpectedTime, parseExpectedTime, totalSeconds } from '#core/expected-time.ts';
import type { Job } from '#core/job.ts';
import type { Run } from '#core/job-run.ts';
import { parseProgressLine, type TrainingProgress } from '#core/progress-line.ts';
import { count } from '#core/quantities.ts';
import { TRAINING_LOGS } from '#core/training-contract.ts';
import { escapeForTerminal } from '#local/escape-for-terminal.ts';
import type { Pipeline } from './connect.ts';

/** What is new in the log of a training. */
export interface News {
  lines: string[]; // worth keeping: what was measured and decided
  progress: TrainingProgress | undefined; // the latest
}

/** Returns a function that reads what was added to a job's log since it was last called. */
export function trainingLog({ logs }: Pick<Pipeline, 'logs'>): (job: Job) => Promise<News> {
  let startTime = 0;
  let last: string[] = []; // what was read of that millisecond; more may have followed
  return async ({ run }) => {
    if (!run) return { lines: [], progress: undefined };
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

const KEPT = /^(survey|plan|race): \S/;

/** A line that is shown as long as the job is followed: what was measured, what was decided, what it will take. */
function keptLine({ timestamp, message }: LogEvent, run: Run): string[] {
  const expected = parseExpectedTime(message);
  if (expected) {
    const words = describeExpectedTime(expected, new Date(timestamp));
    return [`time: ${words}${priceOf(totalSeconds(expected), run)}`];
  }
  return KEPT.test(message) ? [escapeForTerminal(message)] : [];
}

/** Nothing where nothing is billed. */
function priceOf(seconds: number, { instanceType, estimate }: Run): string {
  const type = estimate && (instanceType ?? estimate.instanceType);
  const dollars = type === undefined ? undefined : dollarsFor(type, seconds);
  return dollars === undefined ? '' : `; about $${dollars.toFixed(2)}`;
}

const STEPS: Record<string, string> = {
  verify: 'Verifying images',
  plan: 'Comparing teachers and image sizes on a sample',
  decode: 'Decoding images',
  features: 'Extracting features',
  head: 'Training the head',
  'fit-head': 'Training the head with the chosen settings',
  mirror: 'Trying mirrored images',
  'frozen-blocks': 'Computing the frozen blocks',
  'fine-tune': 'Fine-tuning',
  validate: 'Evaluating on held-out images',
  evaluate: 'Evaluating the student',
};

export function progressInWords({ step, done, of }: TrainingProgress): string {
  const name = STEPS[step] ?? step;
  return of > 1 ? `${name}: ${count(done)} of ${count(of)}` : name;
}
