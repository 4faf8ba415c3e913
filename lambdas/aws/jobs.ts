import { randomUUID } from 'node:crypto';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
} from '@aws-sdk/lib-dynamodb';
import { Job } from '#core/job.ts';
import { type Jobs, StaleJob } from '#ports';

/** The sparse index of open jobs: partition key `open`, sort key `deadline`, all attributes. */
export const OPEN_JOBS = 'open-jobs';

/** Row key of a job; other kinds of rows have other prefixes. */
export const rowId = (jobId: string): string => `job#${jobId}`;

/** `undefined` for a row of another kind. */
export const jobIdOfRow = (row: string): string | undefined =>
  /^job#([0-9a-f]{64})$/.exec(row)?.[1];

/** The job table: one item a job, always written whole and on a condition. */
export function dynamoJobs(table: string, dynamo = new DynamoDBClient()): Jobs {
  const client = DynamoDBDocumentClient.from(dynamo, {
    marshallOptions: { removeUndefinedValues: true },
  });
  const TableName = table;

  async function row(jobId: string): Promise<{ job: Job; owner: string } | undefined> {
    const Key = { row: rowId(jobId) };
    const { Item } = await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
    return Item && { job: Job.parse(Item.job), owner: String(Item.owner) };
  }

  return {
    async load(jobId) {
      return (await row(jobId))?.job;
    },

    async open() {
      const found: Job[] = [];
      const query = {
        TableName,
        IndexName: OPEN_JOBS,
        KeyConditionExpression: '#open = :open',
        ExpressionAttributeNames: { '#open': 'open' },
        ExpressionAttributeValues: { ':open': 'open' },
      };
      for await (const { Items = [] } of paginateQuery({ client }, query)) {
        found.push(...Items.map((item) => Job.parse(item.job)));
      }
      return found;
    },

    async save(job) {
      const owner = randomUUID();
      const Item = {
        row: rowId(job.id),
        version: job.version,
        owner,
        state: job.progress.state,
        job,
        // Only open jobs have these two, so the index over them holds open jobs and nothing else.
        ...(job.deadline && { open: 'open', deadline: job.deadline }),
        // The stream's filters look at top-level attributes.
        ...(job.outbox.length > 0 && { announce: 'pending' }),
      };
      const condition =
        job.version === 1
          ? {
              ConditionExpression: 'attribute_not_exists(#row)',
              ExpressionAttributeNames: { '#row': 'row' },
            }
          : {
              ConditionExpression: '#version = :before',
              ExpressionAttributeNames: { '#version': 'version' },
              ExpressionAttributeValues: { ':before': job.version - 1 },
            };
      try {
        await client.send(new PutCommand({ TableName, Item, ...condition }));
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        // The SDK repeats a put whose answer was lost, and the repetition meets its own first try: that is a success.
        const stored = await row(job.id);
        if (stored?.owner === owner) return;
        throw new StaleJob(
          `job ${job.id.slice(0, 16)} is no longer at version ${job.version - 1}`,
          { cause: error },
        );
      }
    },
  };
}
