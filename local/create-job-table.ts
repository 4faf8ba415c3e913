import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb';
import { OPEN_JOBS } from '#lambdas/aws/jobs.ts';

/** Creates the job table as infra/ does on AWS: one row per job, and a sparse index of open jobs by deadline. */
export async function createJobTable(client: DynamoDBClient, TableName: string): Promise<void> {
  // Asked first, because nothing can be created on a full disk, where `prune` and `rm` have to start nevertheless.
  if (await exists(client, TableName)) return;
  const create = new CreateTableCommand({
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'row', KeyType: 'HASH' }],
    AttributeDefinitions: ['row', 'open', 'deadline'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S',
    })),
    GlobalSecondaryIndexes: [
      {
        IndexName: OPEN_JOBS,
        KeySchema: [
          { AttributeName: 'open', KeyType: 'HASH' },
          { AttributeName: 'deadline', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  });
  await client.send(create).catch((error: unknown) => {
    if (!(error instanceof ResourceInUseException)) throw error; // it exists from an earlier start
  });
}

const exists = (client: DynamoDBClient, TableName: string): Promise<boolean> =>
  client.send(new DescribeTableCommand({ TableName })).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ResourceNotFoundException) return false;
      throw error;
    },
  );
