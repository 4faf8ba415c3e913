import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { STAGE_VARIABLES } from '../stage-variables.ts';

mockClient(DynamoDBClient);
const dynamo = mockClient(DynamoDBDocumentClient);
const s3 = mockClient(S3Client);
beforeAll(() => {
  Object.assign(process.env, STAGE_VARIABLES, { METRICS_NAMESPACE: 'Pets' });
  s3.on(GetObjectCommand).rejects(new NoSuchKey({ message: 'no', $metadata: {} }));
  s3.on(ListObjectsV2Command).resolves({});
  s3.on(PutObjectCommand).resolves({});
  dynamo.on(QueryCommand).resolves({ Items: [] });
});
afterEach(() => vi.restoreAllMocks());

describe('the sweep-jobs Lambda', () => {
  it('looks for open jobs and uploads, and writes the metric of stuck jobs', async () => {
    const lines: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
    const { handler } = await import('#lambdas/sweep-jobs/handler.ts');
    await handler();

    expect(dynamo.commandCalls(QueryCommand)).toHaveLength(1);
    const [listing] = s3.commandCalls(ListObjectsV2Command).map(({ args }) => args[0].input);
    expect(listing).toMatchObject({ Prefix: 'datasets/', Delimiter: '/' });
    expect(JSON.parse(lines.join(''))).toMatchObject({ StuckJobs: 0, JobTable: 'jobs' });
  });
});
