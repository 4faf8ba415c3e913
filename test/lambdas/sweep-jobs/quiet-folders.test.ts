import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { handledUploadsKey } from '#core/keys.ts';
import { sweepJobs } from '#lambdas/sweep-jobs/sweep-jobs.ts';
import { validateDataset } from '#lambdas/validate-dataset/validate-dataset.ts';
import { noon, pipelineInMemory } from '../pipeline-in-memory.ts';

const QUIET = 300; // seconds
const at = (seconds: number) => new Date(noon.getTime() + seconds * 1000);

/** The pipeline with an empty bucket, and a clock. */
async function pipeline() {
  const all = await pipelineInMemory();
  const { bucket, jobs, png, ports } = all;
  for await (const { key } of bucket.objects.list('datasets/')) bucket.remove(key);
  let now = 0;
  ports.quietSeconds = QUIET;
  ports.now = () => at(now);
  return {
    ...all,
    put: (path: string, seconds: number) =>
      bucket.put(`datasets/pets/${path}`, Buffer.concat([png, Buffer.from(path)]), at(seconds)),
    remove: (path: string) => bucket.remove(`datasets/pets/${path}`),
    async sweepAt(seconds: number) {
      now = seconds;
      await sweepJobs(ports);
    },
    /** An event for an object of the folder, late or doubled. */
    async event(path: string, seconds: number) {
      now = seconds;
      const { quietSeconds: _, ...stage } = ports;
      await validateDataset(stage, `datasets/pets/${path}`);
    },
    examples: () => jobs.all().map(({ summary }) => summary?.examples),
  };
}

const PATHS = ['cat', 'dog'].flatMap((kind) => [0, 1, 2, 3, 4].map((i) => `${kind}/${i}.png`));

describe('a folder without a seal', () => {
  it('becomes a job when nothing has come for the quiet period, and not before', async () => {
    const { put, sweepAt, examples, jobs } = await pipeline();
    for (const [i, path] of PATHS.entries()) put(path, i);

    await sweepAt(QUIET + 8);
    expect(examples()).toEqual([]);
    await sweepAt(QUIET + 9);
    expect(examples()).toEqual([10]);
    expect(jobs.all()[0]).toMatchObject({ form: 'folder', uploadedAt: at(9).toISOString() });
  });

  it('is one job, however often it is swept and whatever events come', async () => {
    const { put, sweepAt, event, jobs } = await pipeline();
    for (const path of PATHS) put(path, 0);
    for (const seconds of [300, 600, 900]) {
      await sweepAt(seconds);
      for (const path of ['cat/0.png', '_READY', '_SUCCESS', '']) await event(path, seconds + 1);
    }

    expect(jobs.all()).toHaveLength(1);
  });

  it('is never sealed by an event: what is left may be on its way out', async () => {
    const { put, event, jobs } = await pipeline();
    for (const path of PATHS) put(path, 0);

    for (const path of ['cat/0.png', '_READY', '_SUCCESS', '']) await event(path, 9999);
    expect(jobs.all()).toEqual([]);
  });

  it('is the same job when it is sealed afterwards', async () => {
    const { put, sweepAt, event, bucket, jobs } = await pipeline();
    for (const path of PATHS) put(path, 0);
    await sweepAt(QUIET);
    bucket.put('datasets/pets/_READY', '', at(400));
    await event('_READY', 401);
    await sweepAt(QUIET + 400);

    expect(jobs.all()).toHaveLength(1);
  });

  it.each(['_READY', '_SUCCESS'])('needs no quiet period with %s', async (seal) => {
    const { put, event, bucket, examples } = await pipeline();
    for (const path of PATHS) put(path, 0);
    bucket.put(`datasets/pets/${seal}`, '', at(1));
    await event(seal, 2);

    expect(examples()).toEqual([10]);
  });

  it('is another job when something comes later, also with an older date', async () => {
    const { put, sweepAt, examples } = await pipeline();
    for (const path of PATHS) put(path, 10);
    await sweepAt(QUIET + 10);
    put('cat/late.png', QUIET + 60);
    await sweepAt(QUIET + 100);
    expect(examples()).toEqual([10]);
    await sweepAt(2 * QUIET + 60);
    expect(examples()).toEqual([10, 11]);

    put('cat/in-parts.png', 5); // S3 dates an upload in parts by its beginning
    await sweepAt(3 * QUIET + 60);
    expect(examples()).toEqual([10, 11, 12]);
  });

  it('is no other job while it is being removed, sealed before or not', async () => {
    for (const seal of ['', '_READY']) {
      const { put, remove, sweepAt, bucket, jobs } = await pipeline();
      for (const path of PATHS) put(path, 0);
      if (seal) bucket.put(`datasets/pets/${seal}`, '', at(1));
      await sweepAt(QUIET);
      if (seal) remove(seal);
      for (const [i, path] of PATHS.entries()) {
        await sweepAt((i + 2) * QUIET);
        remove(path);
      }

      expect(jobs.all()).toHaveLength(1);
    }
  });

  it('is left alone, if an earlier release left it alone', async () => {
    const { put, sweepAt, bucket, jobs, examples } = await pipeline();
    for (const path of PATHS) put(path, 0);
    const before = JSON.stringify({ 'datasets/pets/_READY': '' });
    bucket.put(handledUploadsKey(jobs.table), before);
    await sweepAt(9999);
    expect(jobs.all()).toEqual([]);

    put('cat/new.png', 10_000);
    await sweepAt(10_000 + QUIET);
    expect(examples()).toEqual([11]);
  });

  it('is no upload as long as there is nothing but its recipe or the mark of a console', async () => {
    const { bucket, sweepAt, jobs } = await pipeline();
    bucket.put('datasets/pets/', '', at(0));
    bucket.put('datasets/pets/dataset.json', '{}', at(0));
    await sweepAt(9999);

    expect(jobs.all()).toEqual([]);
  });

  it('ends as one job of all its files, in whatever order and at whatever times it came', async () => {
    const pauses = fc.array(fc.integer({ min: 0, max: QUIET - 1 }), {
      minLength: PATHS.length,
      maxLength: PATHS.length,
    });
    const order = fc.shuffledSubarray(PATHS, { minLength: PATHS.length });
    const sweeps = fc.array(fc.nat({ max: 10 * QUIET }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(order, pauses, sweeps, async (paths, between, times) => {
        const { put, sweepAt, event, examples } = await pipeline();
        let clock = 0;
        const puts = paths.map((path, i) => {
          clock += between[i] ?? 0;
          return { path, seconds: clock };
        });
        const swept = times.filter((seconds) => seconds < clock + QUIET);
        const steps = [
          ...puts.map(({ path, seconds }) => ({ seconds, run: async () => put(path, seconds) })),
          ...swept.map((seconds) => ({ seconds, run: () => sweepAt(seconds) })),
          ...swept.map((seconds) => ({ seconds, run: () => event('cat/0.png', seconds) })),
        ].sort((a, b) => a.seconds - b.seconds); // stable: what is put comes before a sweep
        for (const { run } of steps) await run();
        expect(examples()).toEqual([]);

        await sweepAt(clock + QUIET);
        await sweepAt(clock + 2 * QUIET);
        expect(examples()).toEqual([PATHS.length]);
      }),
      { numRuns: 30 },
    );
  });
});
