import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advance, type Job, receive } from '#core/job.ts';
import { memoryJobs } from '#examples/in-memory-ports.ts';
import { dynamoJobs } from '#lambdas/aws/jobs.ts';
import { createJobTable } from '#local/create-job-table.ts';
import { type Jobs, StaleJob } from '#ports';

const noon = new Date('2026-11-24T12:00:00.000Z');
const aJob = (id: string): Job =>
  receive(
    {
      id: id.padEnd(64, '0'),
      bucket: 'understudy',
      name: 'pets',
      dataset: 'datasets/pets.zip',
      form: 'archive',
      seal: 's',
      recipeHash: 'r',
      recipeKey: 'datasets/pets.json',
      uploadedAt: noon.toISOString(),
    },
    noon,
  );
const cancel = (job: Job): Job => advance(job, { type: 'cancel-requested' }, noon);

/** What every job store must do. */
function jobStoreContract(open: () => Jobs) {
  it('gives a job back as it was saved, and nothing for one it never had', async () => {
    const jobs = open();
    const job = aJob('a1');
    await jobs.save(job);

    expect(await jobs.load(job.id)).toEqual(job);
    expect(await jobs.load('f'.repeat(64))).toBeUndefined();
  });

  it('refuses the second of two writers that read the same version', async () => {
    const jobs = open();
    const job = aJob('a2');
    await jobs.save(job);
    await jobs.save(cancel(job));

    await expect(jobs.save(cancel(job))).rejects.toThrow(StaleJob);
    expect((await jobs.load(job.id))?.version).toBe(2);
  });

  it('lists a job as open until nothing is left to do for it', async () => {
    const jobs = open();
    const job = aJob('a4');
    await jobs.save(job);
    expect((await jobs.open()).map(({ id }) => id)).toContain(job.id);

    const cancelled = cancel(job);
    const announcementId = cancelled.outbox[0]?.id ?? '';
    await jobs.save(cancelled);
    await jobs.save(advance(cancelled, { type: 'announced', announcementId }, noon));
    expect((await jobs.open()).map(({ id }) => id)).not.toContain(job.id);
  });

  it('lets exactly one of 50 racing writers win', async () => {
    const jobs = open();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, () => jobs.save(aJob('a3'))),
    );

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
}

describe('the job table in memory', () => {
  const jobs = memoryJobs();
  jobStoreContract(() => jobs);
});

describe('the job table in DynamoDB', () => {
  let server: Server;
  let endpoint: string;
  let client: DynamoDBClient;

  beforeAll(async () => {
    server = dynalite({ createTableMs: 0 });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    endpoint = `http://127.0.0.1:${port}`;
    client = connect();
    await createJobTable(client, 'jobs');
  });
  afterAll(() => {
    client.destroy();
    server.close();
  });

  function connect(): DynamoDBClient {
    const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
    return new DynamoDBClient({ endpoint, region: 'eu-west-1', credentials, maxAttempts: 3 });
  }

  jobStoreContract(() => dynamoJobs('jobs', client));

  it('knows its own first try when the answer to it was lost and the SDK tries again', async () => {
    const lossy = connect();
    let lost = 0;
    lossy.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        if (lost++ === 0)
          throw Object.assign(new Error('the line broke'), { name: 'TimeoutError' });
        return answer;
      },
      { step: 'deserialize', priority: 'high' },
    );
    const job = aJob('b1');

    await dynamoJobs('jobs', lossy).save(job);

    expect(lost).toBeGreaterThan(1);
    expect(await dynamoJobs('jobs', client).load(job.id)).toEqual(job);
  });
});
