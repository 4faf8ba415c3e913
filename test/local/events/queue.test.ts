import type { SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LambdaHandler } from '#local/events/invoke.ts';
import { localQueue, type QueueOptions } from '#local/events/queue.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Lets time pass until the queue has nothing left to do. */
async function idle(queue: ReturnType<typeof localQueue>): Promise<void> {
  const done = queue.idle();
  await vi.runAllTimersAsync();
  await done;
}

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, 1_000 * count));

function queueOf(
  handler: LambdaHandler,
  options: Partial<QueueOptions> & { timeoutSeconds?: number } = {},
) {
  const { timeoutSeconds = 3, ...others } = options;
  const lambda = { name: 'validate-dataset', handler, timeoutSeconds };
  return localQueue({ name: 'uploads', lambda, ...others });
}

const records = (event: unknown) => (event as SQSEvent).Records;
const bodies = (event: unknown) => records(event).map(({ body }) => JSON.parse(body) as number);
const failures = (ids: readonly string[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
});

describe('localQueue', () => {
  it('hands a batch of messages over in the shape of SQS', async () => {
    const events: unknown[] = [];
    const queue = queueOf((event) => void events.push(event));

    queue.send({ detail: 1 });
    queue.send({ detail: 2 });
    await idle(queue);

    expect(events).toHaveLength(1);
    expect(records(events[0])).toHaveLength(2);
    expect(records(events[0])[0]).toMatchObject({
      body: '{"detail":1}',
      md5OfBody: 'fdf566fc9e43068cbd741449a47e9c95',
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: expect.stringMatching(/^\d{13}$/),
      },
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:uploads',
      awsRegion: 'us-east-1',
    });
  });

  it('brings back exactly the failed items, for each of the 64 subsets of six', async () => {
    for (let subset = 0; subset < 64; subset += 1) {
      const seen: number[][] = [];
      const queue = queueOf((event) => {
        seen.push(bodies(event));
        if (seen.length > 1) return undefined;
        const failed = records(event).filter((_, i) => subset & (1 << i));
        return failures(failed.map(({ messageId }) => messageId));
      });
      const failing = [0, 1, 2, 3, 4, 5].filter((i) => subset & (1 << i));

      for (const i of [0, 1, 2, 3, 4, 5]) queue.send(i);
      await idle(queue);

      expect(seen[0]).toEqual([0, 1, 2, 3, 4, 5]);
      expect(seen.slice(1).flat()).toEqual(failing);
    }
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html, "Success and failure conditions"
  it.each([
    ['nothing', undefined, false],
    ['null', null, false],
    ['an empty answer', {}, false],
    ['an empty list', { batchItemFailures: [] }, false],
    ['a null list', { batchItemFailures: null }, false],
    ['an answer that is no object', 'done', true],
    ['an empty identifier', failures(['']), true],
    ['a null identifier', { batchItemFailures: [{ itemIdentifier: null }] }, true],
    ['a misspelt key', { batchItemFailures: [{ messageId: 'x' }] }, true],
    ['an identifier of no message', failures(['x']), true],
  ])('takes %s for what Lambda takes it', async (_, answer, wholeBatchFails) => {
    let invocations = 0;
    const queue = queueOf(() => {
      invocations += 1;
      return invocations === 1 ? answer : undefined;
    });

    queue.send(1);
    await idle(queue);

    expect(invocations).toBe(wholeBatchFails ? 2 : 1);
  });

  it('retries the whole batch when the handler throws, and counts the receives', async () => {
    const counts: string[][] = [];
    const queue = queueOf((event) => {
      counts.push(records(event).map(({ attributes }) => attributes.ApproximateReceiveCount));
      if (counts.length === 1) throw new Error('down');
    });

    queue.send(1);
    queue.send(2);
    await idle(queue);

    expect(counts).toEqual([
      ['1', '1'],
      ['2', '2'],
    ]);
  });

  it('gives a poison message up after the last receive, says so, and lets the others pass', async () => {
    const handled: number[] = [];
    const errors: string[] = [];
    const queue = queueOf(
      (event) => {
        const poison = records(event).filter(({ body }) => body === '0');
        handled.push(...bodies(event).filter((body) => body !== 0));
        return failures(poison.map(({ messageId }) => messageId));
      },
      { maxReceiveCount: 3, onError: (error) => errors.push((error as Error).message) },
    );

    for (const body of [0, 1, 2]) queue.send(body);
    await idle(queue);

    expect(handled).toEqual([1, 2]);
    expect(errors).toHaveLength(4);
    expect(errors.at(-1)).toMatch(/gave up a message after 3 attempts .* the next sweep .*: 0$/);
  });

  it('waits longer before each retry of a message', async () => {
    const at: number[] = [];
    const queue = queueOf(
      () => {
        at.push(Date.now());
        throw new Error('down');
      },
      { maxReceiveCount: 8 },
    );

    queue.send(1);
    await idle(queue);

    const delays = at.slice(1).map((time, i) => (time - (at[i] ?? 0)) / 1_000);
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 60]);
  });

  it('counts a handler that takes longer than its time-out as failed', async () => {
    const errors: string[] = [];
    const queue = queueOf(() => new Promise(() => undefined), {
      timeoutSeconds: 900,
      maxReceiveCount: 1,
      onError: (error) => errors.push((error as Error).message),
    });

    queue.send(1);
    await idle(queue);

    expect(errors[0]).toBe('validate-dataset timed out after 900 seconds');
  });

  it('never runs more invocations, nor larger batches, than it was told', async () => {
    let running = 0;
    let most = 0;
    const sizes: number[] = [];
    const queue = queueOf(
      async (event) => {
        running += 1;
        most = Math.max(most, running);
        sizes.push(records(event).length);
        await seconds(1);
        running -= 1;
      },
      { batchSize: 3, maxConcurrency: 2 },
    );

    for (let i = 0; i < 20; i += 1) queue.send(i);
    await idle(queue);

    expect(most).toBe(2);
    expect(Math.max(...sizes)).toBe(3);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(20);
  });

  it('gives a retry the event as it was sent, whatever the handler did to its copy', async () => {
    const seen: string[] = [];
    const queue = queueOf((event) => {
      const [record] = records(event);
      if (!record) return;
      seen.push(record.body);
      record.body = 'spoilt';
      if (seen.length === 1) throw new Error('again');
    });

    queue.send('fresh');
    await idle(queue);

    expect(seen).toEqual(['"fresh"', '"fresh"']);
  });

  it('waits on stop for the invocation that runs, and drops what waits', async () => {
    let begun = 0;
    let ended = 0;
    const queue = queueOf(
      async () => {
        begun += 1;
        await seconds(2);
        ended += 1;
      },
      { batchSize: 1, maxConcurrency: 1 },
    );

    for (let i = 0; i < 3; i += 1) queue.send(i);
    await vi.advanceTimersByTimeAsync(1_000);
    const stopped = queue.stop();
    await vi.runAllTimersAsync();
    await stopped;

    expect([begun, ended]).toEqual([1, 1]);
  });

  it('tells the handler its name and the time that is left', async () => {
    const contexts: { functionName: string; left: number; awsRequestId: string }[] = [];
    const queue = queueOf((_, context) => {
      const { functionName, awsRequestId } = context;
      contexts.push({ functionName, awsRequestId, left: context.getRemainingTimeInMillis() });
    });

    queue.send(1);
    await idle(queue);

    expect(contexts[0]).toMatchObject({
      functionName: 'validate-dataset',
      awsRequestId: expect.any(String),
      left: 3_000,
    });
  });

  it('takes time in proportion to the number of waiting messages', async () => {
    vi.useRealTimers();
    let handled = 0;
    const queue = queueOf((event) => {
      handled += records(event).length;
    });

    for (let i = 0; i < 10_000; i += 1) queue.send(i);
    const started = performance.now();
    await queue.idle();

    expect(handled).toBe(10_000);
    expect(performance.now() - started).toBeLessThan(5_000); // ms; measured: 300; ten seconds when each batch copied all that waits
  });
});
