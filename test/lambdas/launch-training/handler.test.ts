import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeAll, describe, expect, it } from 'vitest';
import { rowId } from '#lambdas/aws/jobs.ts';
import { STAGE_VARIABLES } from '../stage-variables.ts';

mockClient(DynamoDBClient);
const dynamo = mockClient(DynamoDBDocumentClient);
beforeAll(() => Object.assign(process.env, STAGE_VARIABLES));

describe('the launch-training Lambda', () => {
  it('looks at the job of each row of the stream', async () => {
    const { handler } = await import('#lambdas/launch-training/handler.ts');
    dynamo.on(GetCommand).resolves({});
    const event = {
      Records: [
        {
          eventID: '1',
          dynamodb: { SequenceNumber: '1', NewImage: { row: { S: rowId('a'.repeat(64)) } } },
        },
      ],
    };

    expect(await handler(event, {} as Context)).toEqual({ batchItemFailures: [] });
    const keys = dynamo.commandCalls(GetCommand).map(({ args }) => args[0].input.Key);
    expect(keys).toEqual([{ row: rowId('a'.repeat(64)) }]);

    dynamo.on(GetCommand).rejects(new Error('DynamoDB is down'));
    expect((await handler(event, {} as Context)).batchItemFailures).toHaveLength(1);
  });
});
