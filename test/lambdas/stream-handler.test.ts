import type { Context, DynamoDBStreamEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
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
  it('gives each job to its stage, and passes over rows of another kind', async () => {
    const seen: string[] = [];
    const handler = streamHandler(async (jobId) => seen.push(jobId));

    await handler(event(rowId(job('a')), 'upload#pets', rowId(job('b'))), {} as Context);

    expect(seen).toEqual([job('a'), job('b')]);
  });

  it('names the failed records only', async () => {
    const handler = streamHandler(async (jobId) => {
      if (jobId === job('b')) throw new Error('DynamoDB is down');
    });

    const answer = await handler(
      event(rowId(job('a')), rowId(job('b')), rowId(job('c'))),
      {} as Context,
    );

    expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toContain('1');
    expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).not.toContain('0');
  });
});
