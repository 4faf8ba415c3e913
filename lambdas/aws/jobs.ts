import { randomUUID } from 'node:crypto';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { shortJobId } from '#core/identity.ts';
import { Job } from '#core/job.ts';
import { Slot, withSlot } from '#core/training-slots.ts';
import { type Jobs, StaleJob } from '#ports';

/** The sparse index of jobs with a deadline: partition key `open`, sort key `deadline`, all attributes. */
export const OPEN_JOBS = 'open-jobs';

/** The row key of a job; rows of other kinds have other prefixes. */
export const rowId = (jobId: string): string => `job#${jobId}`;

/** The job that a row is about; `undefined` for rows of other kinds. */
export const jobIdOfRow = (row: string): string | undefined =>
  /^job#([0-9a-f]{64})$/.exec(row)?.[1];

/** The row that lists which jobs hold a training slot. */
const SLOTS = { row: 'training-slots' };

/** The job table: one item per job, always written whole and conditionally. */
export function dynamoJobs(
  TableName: string,
  dynamo = new DynamoDBClient(),
  unreadable = warnOfRow,
): Jobs {
  const client = DynamoDBDocumentClient.from(dynamo, {
    marshallOptions: { removeUndefinedValues: true },
  });

  async function read(Key: { row: string }): Promise<Record<string, unknown> | undefined> {
    const { Item } = await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
    return Item;
  }

  /** @returns false when the row is no longer at version `version - 1`; version 1 needs an absent row */
  async function write(item: { row: string; version: number; [attribute: string]: unknown }) {
    const owner = randomUUID();
    try {
      await client.send(
        new PutCommand({ TableName, Item: { ...item, owner }, ...nextVersion(item.version) }),
      );
      return true;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      // The SDK repeats a put whose answer was lost, and its own first try then fails the condition: that is a success.
      const stored = await read({ row: item.row });
      return stored?.owner === owner;
    }
  }

  const load = async (jobId: string): Promise<Job | undefined> => {
    const item = await read({ row: rowId(jobId) });
    return item && Job.parse(item.job);
  };

  async function open(): Promise<Job[]> {
    const found: Job[] = [];
    const query = {
      TableName,
      IndexName: OPEN_JOBS,
      KeyConditionExpression: '#open = :open',
      ExpressionAttributeNames: { '#open': 'open' },
      ExpressionAttributeValues: { ':open': 'open' },
    };
    for await (const { Items = [] } of paginateQuery({ client }, query)) {
      for (const item of Items) {
        const { data, error } = Job.safeParse(item.job);
        if (data) found.push(data);
        else unreadable(String(item.row), error);
      }
    }
    return found;
  }

  return {
    table: TableName,
    load,
    open,

    async save(job) {
      const isSaved = await write({
        row: rowId(job.id),
        version: job.version,
        state: job.progress.state,
        job,
        // The index contains the rows that have both of these attributes: jobs with a deadline.
        ...(job.deadline && { open: 'open', deadline: job.deadline }),
        // The stream's filters see top-level attributes only.
        ...(job.outbox.length > 0 && { announce: 'pending' }),
      });
      if (isSaved) return;
      throw new StaleJob(`job ${shortJobId(job.id)} is no longer at version ${job.version - 1}`);
    },

    async remove(job) {
      const Key = { row: rowId(job.id) };
      try {
        await client.send(new DeleteCommand({ TableName, Key, ...atVersion(job.version) }));
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        if ((await read(Key)) === undefined) return; // an earlier try has deleted it
        throw new StaleJob(`job ${shortJobId(job.id)} is no longer at version ${job.version}`);
      }
    },

    async claimSlot(job, max) {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const stored = await read(SLOTS);
        const slots = stored ? z.array(Slot).parse(stored.slots) : slotsOf(await open());
        const rows = await Promise.all(slots.map(({ jobId }) => load(jobId)));
        const claimed = withSlot(slots, rows, job, max);
        if (!claimed) return false;
        if (stored && JSON.stringify(claimed) === JSON.stringify(slots)) return true;
        const version = z.int().parse(stored?.version ?? 0) + 1;
        if (await write({ ...SLOTS, version, slots: claimed })) return true;
      }
      throw new Error(`the training slots were changed by others in each of ${MAX_TRIES} tries`);
    },
  };
}

/** One row that cannot be read, as after a rollback to an earlier version, must not hide the others. */
const warnOfRow = (row: string, { message }: z.ZodError): void => {
  process.stderr.write(
    `${JSON.stringify({ level: 'ERROR', message: `unreadable row ${row}`, error: message })}\n`,
  );
};

const MAX_TRIES = 20;

/** The slots when their row is absent, as after an upgrade: the jobs whose training job has not ended hold them. */
const slotsOf = (open: readonly Job[]): Slot[] =>
  open.filter(({ run }) => run?.ended === false).map(({ id, version }) => ({ jobId: id, version }));

const nextVersion = (version: number) =>
  version === 1
    ? {
        ConditionExpression: 'attribute_not_exists(#row)',
        ExpressionAttributeNames: { '#row': 'row' },
      }
    : atVersion(version - 1);

const atVersion = (version: number) => ({
  ConditionExpression: '#version = :version',
  ExpressionAttributeNames: { '#version': 'version' },
  ExpressionAttributeValues: { ':version': version },
});
