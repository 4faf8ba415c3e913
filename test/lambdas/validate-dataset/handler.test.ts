import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Context, SQSEvent } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeAll, describe, expect, it } from 'vitest';
import { STAGE_VARIABLES } from '../stage-variables.ts';

const s3 = mockClient(S3Client);
mockClient(DynamoDBClient);
const dynamo = mockClient(DynamoDBDocumentClient);
const answer = { message: 'no', $metadata: {} };

const records = (...keys: string[]): SQSEvent => ({
  Records: keys.map((key, i) => ({
    messageId: `m${i}`,
    receiptHandle: '',
    body: JSON.stringify({
      source: 'aws.s3',
      detail: { bucket: { name: 'understudy' }, object: { key } },
    }),
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: '',
      SenderId: '',
      ApproximateFirstReceiveTimestamp: '',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-west-1:000000000000:q',
    awsRegion: 'eu-west-1',
  })),
});

describe('the validate-dataset Lambda', () => {
  beforeAll(() => {
    Object.assign(process.env, STAGE_VARIABLES);
    s3.on(HeadObjectCommand).rejects(new NotFound(answer));
    s3.on(HeadObjectCommand, { Key: 'datasets/pets.rar' }).resolves({
      ContentLength: 4,
      ETag: '"e"',
    });
    s3.on(HeadObjectCommand, { Key: 'datasets/down.zip' }).rejects(new Error('S3 is down'));
    s3.on(GetObjectCommand).rejects(new NoSuchKey(answer));
    s3.on(PutObjectCommand).resolves({});
    dynamo.on(GetCommand).resolves({});
    dynamo.on(PutCommand).resolves({});
  });

  it('reports the failed records only, and handles the others', async () => {
    const { handler } = await import('#lambdas/validate-dataset/handler.ts');
    const event = records(
      'datasets/pets.rar',
      'datasets/down.zip',
      'datasets/gone.zip',
      'datasets/pets/cat/1.png',
    );
    const { batchItemFailures } = await handler(event, {} as Context);

    expect(batchItemFailures).toEqual([{ itemIdentifier: 'm1' }]);
    const states = dynamo.commandCalls(PutCommand).map(({ args }) => args[0].input.Item?.state);
    expect(states).toEqual(['received', 'rejected']);
  });
});
