import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advance, type Job, receive } from '#core/job.ts';
import { memoryJobs } from '#examples/in-memory-ports.ts';
import { dynamoJobs } from '#lambdas/aws/jobs.ts';
import { createJobTable } from '#local/create-job-table.ts';
import { type Jobs, StaleJob } from '#ports';
import { runningDynalite } from '#test/running-dynalite.ts';
import { anUpload, noon } from '#test/uploads.ts';

const aJob = (id: string): Job => receive(anUpload({ id: id.padEnd(64, '0') }), noon);
const cancel = (job: Job): Job => advance(job, { type: 'cancel-requested' }, noon);

const launched = (job: Job): Job =>
  advance(job, { type: 'launch-started', trainingJobName: `run-${job.id}` }, noon);
const validated = (job: Job): Job =>
  advance(
    job,
    {
      type: 'dataset-validated',
      summary: { classes: 2, examples: 10, manifestSha256: 'm', recipeSha256: 'r' },
    },
    noon,
  );
const ended = (job: Job): Job =>
  advance(
    job,
    {
      type: 'training-failed',
      trainingJobName: `run-${job.id}`,
      code: 'X',
      what: 'It failed.',
      remedy: 'Retry.',
    },
    noon,
  );

/** Saves a validated job. */
async function savedJob(jobs: Jobs, id: string): Promise<Job> {
  const received = aJob(id);
  await jobs.save(received);
  await jobs.save(validated(received));
  return validated(received);
}

/** What every job store must do. */
function jobStoreContract(open: () => Promise<Jobs>) {
  it('gives a job back as it was saved, and nothing for one it never had', async () => {
    const jobs = await open();
    const job = aJob('a1');
    await jobs.save(job);

    expect(await jobs.load(job.id)).toEqual(job);
    expect(await jobs.load('f'.repeat(64))).toBeUndefined();
  });

  it('deletes a row at its version, and only then; a stage that has read it cannot save it again', async () => {
    const jobs = await open();
    const job = aJob('ad');
    await jobs.save(job);
    await jobs.save(cancel(job));

    await expect(jobs.remove(job)).rejects.toThrow(StaleJob);
    await jobs.remove(cancel(job));
    expect(await jobs.load(job.id)).toBeUndefined();
    await jobs.remove(cancel(job)); // an earlier try whose answer was lost
    await expect(jobs.save(cancel(job))).rejects.toThrow(StaleJob);
    expect((await jobs.open()).map(({ id }) => id)).not.toContain(job.id);
  });

  it('refuses the second of two writers that read the same version', async () => {
    const jobs = await open();
    const job = aJob('a2');
    await jobs.save(job);
    await jobs.save(cancel(job));

    await expect(jobs.save(cancel(job))).rejects.toThrow(StaleJob);
    expect((await jobs.load(job.id))?.version).toBe(2);
  });

  it('lists a job as open until nothing is left to do for it', async () => {
    const jobs = await open();
    const job = aJob('a4');
    await jobs.save(job);
    expect((await jobs.open()).map(({ id }) => id)).toContain(job.id);

    const cancelled = cancel(job);
    const announcementId = cancelled.outbox[0]?.id ?? '';
    await jobs.save(cancelled);
    await jobs.save(advance(cancelled, { type: 'announced', announcementId }, noon));
    expect((await jobs.open()).map(({ id }) => id)).not.toContain(job.id);
  });

  it('gives out as many training slots as there are, and one per job', async () => {
    const jobs = await open();
    const [a, b, c] = [
      await savedJob(jobs, 'a'),
      await savedJob(jobs, 'b'),
      await savedJob(jobs, 'c'),
    ];

    expect(await jobs.claimSlot(a, 2)).toBe(true);
    expect(await jobs.claimSlot(a, 2)).toBe(true);
    expect(await jobs.claimSlot(b, 2)).toBe(true);
    expect(await jobs.claimSlot(c, 2)).toBe(false);
    expect(await jobs.claimSlot(a, 2)).toBe(true);
  });

  it('keeps the slot of a job until its training job has ended', async () => {
    const jobs = await open();
    const [a, b] = [await savedJob(jobs, 'a'), await savedJob(jobs, 'b')];
    await jobs.claimSlot(a, 1);
    await jobs.save(launched(a));
    await jobs.save(cancel(launched(a))); // it still runs
    expect(await jobs.claimSlot(b, 1)).toBe(false);

    await jobs.save(ended(cancel(launched(a))));
    expect(await jobs.claimSlot(b, 1)).toBe(true);
  });

  it('frees the slot of a job that was cancelled before its launch', async () => {
    const jobs = await open();
    const [a, b] = [await savedJob(jobs, 'a'), await savedJob(jobs, 'b')];
    await jobs.claimSlot(a, 1);
    await jobs.save(cancel(a));

    expect(await jobs.claimSlot(b, 1)).toBe(true);
  });

  it('lets exactly as many of 20 racing jobs claim a slot as there are', async () => {
    const jobs = await open();
    const all: Job[] = [];
    for (let i = 0; i < 20; i++) all.push(await savedJob(jobs, i.toString(16).padStart(2, '0')));

    const claims = await Promise.all([...all, ...all].map((job) => jobs.claimSlot(job, 3)));

    const winners = all.filter((_, i) => claims[i] || claims[i + all.length]);
    expect(winners).toHaveLength(3);
  });

  it('gives out no more slots than there are to 200 launches at the same time', async () => {
    const jobs = await open();
    const all: Job[] = [];
    for (let i = 0; i < 200; i++) all.push(await savedJob(jobs, i.toString(16).padStart(2, '0')));

    const claims = await Promise.allSettled(all.map((job) => jobs.claimSlot(job, 4)));

    const winners = claims.filter((claim) => claim.status === 'fulfilled' && claim.value);
    const undecided = claims.filter(({ status }) => status === 'rejected'); // they are tried again
    expect(winners.length).toBeLessThanOrEqual(4);
    expect(winners.length + undecided.length).toBeGreaterThanOrEqual(4);
    let holders = 0;
    for (const job of all) if (await jobs.claimSlot(job, 4)) holders++;
    expect(holders).toBe(4);
  }, 60_000);

  it('lets exactly one of 50 racing writers win', async () => {
    const jobs = await open();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, () => jobs.save(aJob('a3'))),
    );

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
}

describe('the job table in memory', () => {
  jobStoreContract(async () => memoryJobs());
});

describe('the job table in DynamoDB', () => {
  let server: Awaited<ReturnType<typeof runningDynalite>>;
  let client: DynamoDBClient;

  beforeAll(async () => {
    server = await runningDynalite();
    client = server.connect();
    await createJobTable(client, 'jobs');
  });
  afterAll(() => {
    client.destroy();
    server.close();
  });

  let tables = 0;
  jobStoreContract(async () => {
    const table = `jobs-${tables++}`;
    await createJobTable(client, table);
    return dynamoJobs(table, client);
  });

  it('counts the trainings that run already when the row of slots is absent, as after an upgrade', async () => {
    await createJobTable(client, 'upgraded');
    const jobs = dynamoJobs('upgraded', client);
    const [a, b] = [await savedJob(jobs, 'a'), await savedJob(jobs, 'b')];
    await jobs.save(launched(a)); // without a slot

    expect(await jobs.claimSlot(b, 1)).toBe(false);
    expect(await jobs.claimSlot(b, 2)).toBe(true);
  });

  it('knows its own first try when the answer to it was lost and the SDK tries again', async () => {
    const lossy = server.connect();
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
