import type { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { describe, expect, it } from 'vitest';
import { trainingLog } from '#cli/training-log.ts';
import type { Job } from '#core/job.ts';

interface Line {
  timestamp: number;
  message: string;
}

const NOON = Date.parse('2026-11-26T12:00:00Z');
const run = { attempt: 1, trainingJobName: 'understudy-pets-0123456789abcdef-a1', ended: false };
const job = (given: object = run) => ({ run: given }) as Job; // nothing else is looked at

/** CloudWatch Logs with these lines, two on a page. */
function logsOf(lines: readonly Line[]): CloudWatchLogsClient {
  const send = async (command: FilterLogEventsCommand) => {
    const { startTime = 0, nextToken = '0' } = command.input;
    const fitting = lines.filter(({ timestamp }) => timestamp >= startTime);
    const to = Number(nextToken) + 2;
    return {
      events: fitting.slice(to - 2, to),
      ...(to < fitting.length && { nextToken: String(to) }),
    };
  };
  return { send } as unknown as CloudWatchLogsClient;
}

describe('trainingLog', () => {
  it('returns what was measured and decided, in its order, and the latest progress', async () => {
    const read = trainingLog({
      logs: logsOf([
        { timestamp: NOON, message: 'step=plan done=0 of=1' },
        { timestamp: NOON + 1, message: 'survey: small at 96 px: 80.0%\n' },
        { timestamp: NOON + 2, message: 'something else' },
        { timestamp: NOON + 3, message: 'plan: small at 96 px, head-only. Because.' },
        { timestamp: NOON + 4, message: 'step=decode done=10 of=90' },
        { timestamp: NOON + 5, message: 'epoch=2 train_loss=0.5 validation_accuracy=0.9' },
      ]),
    });

    expect(await read(job())).toEqual({
      lines: ['Tried: small at 96 px: 80.0%', 'Plan: small at 96 px, head-only. Because.'],
      progress: { step: 'decode', done: 10, of: 90 },
      epoch: { number: 2, validationAccuracy: 0.9 },
    });
    expect(await read(job())).toEqual({ lines: [], progress: undefined, epoch: undefined });
  });

  it('misses no line that follows in the same millisecond as the last one read', async () => {
    const lines = [{ timestamp: NOON, message: 'plan: first' }];
    const read = trainingLog({ logs: logsOf(lines) });
    await read(job());

    lines.push({ timestamp: NOON, message: 'plan: second' });

    expect((await read(job())).lines).toEqual(['Plan: second']);
    expect((await read(job())).lines).toEqual([]);
  });

  it('turns the expected seconds into a time of day and, where it is billed, a price', async () => {
    const message = 'expects features=60 fine-tuning=3480 rest=60';
    const lines = [{ timestamp: NOON, message }];
    const estimate = {
      instanceType: 'ml.g4dn.xlarge',
      seconds: 7_200,
      dollars: 1.47,
      pricesOf: '2026-11-25',
    };

    const free = await trainingLog({ logs: logsOf(lines) })(job());
    const billed = await trainingLog({ logs: logsOf(lines) })(job({ ...run, estimate }));

    expect(free.lines).toEqual([expect.stringMatching(/^Time: about 60 min .* at about .*\d\d$/)]);
    expect(billed.lines).toEqual([`${free.lines[0]}; about $0.74`]);
  });

  it('shows control characters of a line instead of obeying them', async () => {
    const read = trainingLog({ logs: logsOf([{ timestamp: NOON, message: 'plan: \u001b[2Jx' }]) });

    expect((await read(job())).lines).toEqual(['Plan: \\u001b[2Jx']);
  });
});
