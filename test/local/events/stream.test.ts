import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LambdaHandler } from '#local/events/invoke.ts';
import { type StreamMappingOptions, streamMapping } from '#local/events/stream.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const mappingOf = (handler: LambdaHandler, options: Partial<StreamMappingOptions> = {}) =>
  streamMapping({ lambda: { name: 'launch-training', handler }, ...options });

/** Lets time pass until the mapping has nothing left to do. */
async function idle(mapping: ReturnType<typeof streamMapping>): Promise<void> {
  const done = mapping.idle();
  await vi.runAllTimersAsync();
  await done;
}

const aRecord = (n: number, state = 'validated', table = 'jobs'): DynamoDBRecord => ({
  eventSourceARN: `arn:aws:dynamodb:us-east-1:000000000000:table/${table}/stream/1`,
  dynamodb: { SequenceNumber: String(n).padStart(21, '0'), NewImage: { state: { S: state } } },
});

const numbers = (event: unknown) =>
  (event as DynamoDBStreamEvent).Records.map(({ dynamodb }) => Number(dynamodb?.SequenceNumber));
const failedAt = (...failed: number[]) => ({
  batchItemFailures: failed.map((n) => ({ itemIdentifier: String(n).padStart(21, '0') })),
});

describe('streamMapping', () => {
  it('invokes in order, one batch after the other, with the records that pass a filter', async () => {
    const seen: number[][] = [];
    let running = 0;
    const mapping = mappingOf(
      async (event) => {
        running += 1;
        expect(running).toBe(1);
        seen.push(numbers(event));
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        running -= 1;
      },
      {
        batchSize: 3,
        filters: [
          { dynamodb: { NewImage: { state: { S: ['validated'] } } } },
          { dynamodb: { NewImage: { state: { S: ['waiting'] } } } },
        ],
      },
    );

    ['validated', 'training', 'waiting', 'validated', 'validated'].forEach((state, i) => {
      mapping.push(aRecord(i, state));
    });
    await idle(mapping);

    expect(seen).toEqual([[0, 2, 3], [4]]);
  });

  it('retries from the lowest failed record on, and keeps the later batches waiting', async () => {
    const seen: number[][] = [];
    const mapping = mappingOf(
      (event) => {
        seen.push(numbers(event));
        return seen.length === 1 ? failedAt(3, 1) : undefined;
      },
      { batchSize: 4 },
    );

    for (let i = 0; i < 6; i += 1) mapping.push(aRecord(i));
    await idle(mapping);

    expect(seen).toEqual([
      [0, 1, 2, 3],
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it('gives a poison record up after the last retry, says so, and goes on behind it', async () => {
    const seen: number[][] = [];
    const errors: string[] = [];
    const mapping = mappingOf(
      (event) => {
        seen.push(numbers(event));
        if (numbers(event).includes(1)) throw new Error('poison');
      },
      {
        batchSize: 1,
        maximumRetryAttempts: 2,
        onError: (error) => errors.push((error as Error).message),
      },
    );

    for (let i = 0; i < 3; i += 1) mapping.push(aRecord(i));
    await idle(mapping);

    expect(seen).toEqual([[0], [1], [1], [1], [2]]);
    expect(errors).toHaveLength(4);
    expect(errors.at(-1)).toMatch(/gave up after 3 attempts \(poison\).* the next sweep .*: 0+1$/);
  });

  it('halves a batch that throws until the poison record is alone', async () => {
    const handled: number[] = [];
    const errors: string[] = [];
    const mapping = mappingOf(
      (event) => {
        if (numbers(event).includes(5)) throw new Error('poison');
        handled.push(...numbers(event));
      },
      {
        maximumRetryAttempts: 1,
        bisectBatchOnFunctionError: true,
        onError: (error) => errors.push((error as Error).message),
      },
    );

    for (let i = 0; i < 8; i += 1) mapping.push(aRecord(i));
    await idle(mapping);

    expect(handled).toEqual([0, 1, 2, 3, 4, 6, 7]);
    expect(errors.filter((error) => error.startsWith('gave up'))).toEqual([
      expect.stringMatching(/: 0+5$/),
    ]);
  });

  it('lets a failing table wait for itself only', async () => {
    const handled: number[] = [];
    const mapping = mappingOf((event) => {
      const { Records } = event as DynamoDBStreamEvent;
      if (Records[0]?.eventSourceARN?.includes('/stuck/')) throw new Error('stuck');
      handled.push(...numbers(event));
    });

    mapping.push(aRecord(1, 'validated', 'stuck'));
    mapping.push(aRecord(2));
    await vi.advanceTimersByTimeAsync(500); // less than the pause before the first retry

    expect(handled).toEqual([2]);
    await idle(mapping);
  });

  it('loses nothing that arrives while a batch is handled', async () => {
    const handled: number[] = [];
    const mapping = mappingOf((event) => {
      const [first = 0] = numbers(event);
      handled.push(...numbers(event));
      if (first < 50) mapping.push(aRecord(first + 1));
    });

    mapping.push(aRecord(0));
    await idle(mapping);

    expect(handled).toEqual(Array.from({ length: 51 }, (_, i) => i));
  });

  it.each([
    ['drops every record', { drop: true }, []],
    ['brings each record twice', { copies: 2 }, [7, 7]],
  ])('%s when a test asks for it', async (_, faults, arrivals) => {
    const handled: number[] = [];
    const mapping = mappingOf((event) => void handled.push(...numbers(event)), { faults });

    mapping.push(aRecord(7));
    await idle(mapping);

    expect(handled).toEqual(arrivals);
  });

  it('stops between two retries', async () => {
    let invocations = 0;
    const mapping = mappingOf(() => {
      invocations += 1;
      throw new Error('always');
    });

    mapping.push(aRecord(1));
    await vi.advanceTimersByTimeAsync(500); // less than the pause before the first retry
    const stopped = mapping.stop();
    await vi.runAllTimersAsync();
    await stopped;

    expect(invocations).toBe(1);
  });
});
