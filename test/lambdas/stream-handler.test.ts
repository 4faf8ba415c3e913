import type { Context, DynamoDBStreamEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { memoryLog } from '#examples/in-memory-ports.ts';
import { rowId } from '#lambdas/aws/jobs.ts';
import { streamHandler } from '#lambdas/stream-handler.ts';

const job = (letter: string) => letter.repeat(64);

const event = (...rows: string[]): DynamoDBStreamEvent => ({
  Records: rows.map((row, i) => ({
    eventID: `${i}`,
    dynamodb: { SequenceNumber: `${i}`, NewImage: { row: { S: row } } },
  })),
});

describe('a Lambda on the job table’s stream', () => {
  it('gives each job to its stage, and skips rows of other kinds', async () => {
    const seen: string[] = [];
    const handler = streamHandler(memoryLog().log, async (jobId) => seen.push(jobId));

    await handler(event(rowId(job('a')), 'upload#pets', rowId(job('b'))), {} as Context);

    expect(seen).toEqual([job('a'), job('b')]);
  });

  it('ignores a row that was deleted, should its record pass the filter', async () => {
    const seen: string[] = [];
    const handler = streamHandler(memoryLog().log, async (jobId) => seen.push(jobId));
    const Keys = { row: { S: rowId(job('a')) } };
    const removed = { eventName: 'REMOVE' as const, dynamodb: { SequenceNumber: '1', Keys } };

    const answer = await handler({ Records: [removed] }, {} as Context);

    expect(answer.batchItemFailures).toEqual([]);
    expect(seen).toEqual([]);
  });

  it('reports the first failed record, and logs its job', async () => {
    const { log, failed } = memoryLog();
    const handler = streamHandler(log, async (jobId) => {
      if (jobId === job('b')) throw new Error('DynamoDB is down');
    });

    const answer = await handler(
      event(rowId(job('a')), rowId(job('b')), rowId(job('c'))),
      {} as Context,
    );

    expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toContain('1');
    expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).not.toContain('0');
    expect(failed[0]?.about).toEqual({ jobId: job('b') });
  });
});
