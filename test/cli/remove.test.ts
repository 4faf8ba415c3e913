import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { describeRemoval } from '#cli/describe-removal.ts';
import { findRemoval } from '#cli/find-removal.ts';
import { newestFirst } from '#cli/library.ts';
import { remove } from '#cli/remove.ts';
import { Latest } from '#core/card.ts';
import { studentVersion } from '#core/identity.ts';
import { advance, type Job } from '#core/job.ts';
import { handledUploadsKey, latestKey, studentKeys, versionsKey } from '#core/keys.ts';
import { zipOf } from '#examples/job-folder.ts';
import { sweepJobs } from '#lambdas/sweep-jobs/sweep-jobs.ts';
import type { Jobs, Objects } from '#ports';
import {
  HOUR,
  noon,
  type PipelineInMemory,
  pipelineInMemory,
} from '#test/lambdas/pipeline-in-memory.ts';
import { mulberry32 } from '#training-image/data/seeded-random.ts';

let pipeline: PipelineInMemory;
beforeEach(async () => {
  pipeline = await pipelineInMemory();
});

/** Lets the pipeline do all that it can, so many minutes after noon, as if every event had been lost. */
async function runPipeline(minutes = 60): Promise<void> {
  const ports = { ...pipeline.ports, now: () => new Date(noon.getTime() + minutes * 60_000) };
  await sweepJobs(ports, HOUR);
  pipeline.training.end(pipeline.complete());
  await sweepJobs(ports, HOUR);
}

const target = (ports: { objects?: Objects; jobs?: Jobs } = {}) => ({
  objects: pipeline.bucket.objects,
  jobs: pipeline.jobs as Jobs,
  allJobs: async () => newestFirst(pipeline.jobs.all()),
  ...ports,
});

/** `understudy rm`, once it is confirmed. */
async function rm(wanted: string, ports = target(), isPaused = false): Promise<string | undefined> {
  const removal = await findRemoval(ports, wanted, isPaused);
  return remove(ports, removal, await ports.allJobs(), async () => undefined);
}

/** All keys but those of the teachers and the sweeper's record. */
const keys = () => pipeline.bucket.keys().filter((key) => !/^(teachers|sweeps)\//.test(key));

/** Makes the sweeper look at every upload again. */
const forgetUploads = () => pipeline.bucket.remove(handledUploadsKey(pipeline.jobs.table));

async function latestOfPets(): Promise<string | undefined> {
  const text = await pipeline.bucket.objects.readText(latestKey('pets'));
  return text && Latest.parse(JSON.parse(text)).version;
}

/** Uploads the folder again with one more image, so many seconds after noon. */
function uploadAgain(image: string, seconds: number): void {
  const at = new Date(noon.getTime() + seconds * 1000);
  const { bucket, png } = pipeline;
  bucket.put(`datasets/pets/cat/${image}.png`, Buffer.concat([png, Buffer.from(image)]), at);
  bucket.put('datasets/pets/_READY', '', at);
}

/** Publishes two versions of one student; returns their jobs, the older one first. */
async function twoVersions(): Promise<[Job, Job]> {
  await runPipeline();
  uploadAgain('another', 300);
  await runPipeline(61);
  const [second, first] = newestFirst(pipeline.jobs.all());
  if (!first || !second) throw new Error('there are not two jobs');
  expect(pipeline.states()).toEqual(['published', 'published']);
  return [first, second];
}

const PROGRESS_OF: Record<string, object> = {
  waiting: { waitingFor: 'capacity', reason: 'No instance is free.' },
  trained: { artifacts: 's3://bucket/jobs/output' },
};

describe('removing a student', () => {
  it('leaves nothing of it, and the sweeper does not train it again', async () => {
    await runPipeline();
    expect(pipeline.state()).toBe('published');

    expect(await rm('pets')).toBeUndefined();

    expect(keys()).toEqual([]);
    expect(pipeline.jobs.all()).toEqual([]);
    for (const minutes of [61, 120, 180]) {
      forgetUploads();
      await runPipeline(minutes);
    }
    expect(pipeline.jobs.all()).toEqual([]);
    expect(pipeline.training.started.size).toBe(1);
  });

  it('takes the archive and its recipe with it', async () => {
    const { bucket, png } = pipeline;
    for (const key of bucket.keys()) if (key.startsWith('datasets/')) bucket.remove(key);
    const files = Object.fromEntries(
      ['cat', 'dog'].flatMap((kind) =>
        [1, 2, 3, 4, 5].map((i) => [
          `${kind}/${i}.png`,
          Buffer.concat([png, Buffer.from(`${kind}${i}`)]),
        ]),
      ),
    );
    bucket.put('datasets/pets.json', '{"seed":3}');
    bucket.put('datasets/pets.zip', await zipOf(files));
    bucket.put('datasets/pets.zip.bak', 'another');
    await runPipeline();
    expect(pipeline.states()).toEqual(['published', 'rejected']);

    await rm('pets');

    expect(keys().filter((key) => key.startsWith('datasets/'))).toEqual(['datasets/pets.zip.bak']);
    expect(pipeline.states()).toEqual(['rejected']);
  });

  it('can be trained again: the same upload is then a new job', async () => {
    await runPipeline();
    await rm('pets');
    pipeline.upload('pets');
    pipeline.bucket.put('datasets/pets/_READY', '', new Date(noon.getTime() + 300_000));
    await runPipeline(90);

    expect(pipeline.state()).toBe('published');
    expect(await latestOfPets()).toBe(studentVersion(pipeline.onlyJob().id));
    expect([...pipeline.training.started.keys()].map((name) => name.slice(-3))).toEqual([
      '-a1',
      '-a2',
    ]);
  });

  it.each(['received', 'validated', 'waiting', 'launching', 'training', 'interrupted', 'trained'])(
    'takes a job that was paused while it was %s with it',
    async (state) => {
      const { ports, jobs } = pipeline;
      await sweepJobs(ports, HOUR);
      const job = pipeline.onlyJob();
      expect(job.progress.state).toBe('training');
      const progress = { ...PROGRESS_OF[state], state } as Job['progress'];
      await jobs.save({ ...job, progress, version: job.version + 1 });

      const removal = await findRemoval(target(), 'pets', true);
      expect(describeRemoval(removal)).toContain('of pets (paused)');
      await rm('pets', target(), true);

      expect(keys()).toEqual([]);
      expect(jobs.all()).toEqual([]);
      forgetUploads();
      await runPipeline(61);
      expect(jobs.all()).toEqual([]);
    },
  );

  it('of two versions removes both', async () => {
    await twoVersions();

    expect(await rm('pets')).toBeUndefined();

    expect(keys()).toEqual([]);
    expect(pipeline.jobs.all()).toEqual([]);
  });

  it('removes only the one that is named, and the latest is then the one before', async () => {
    const [first, second] = await twoVersions();

    expect(await rm('pets/v2')).toBe(studentVersion(first.id));

    expect(await latestOfPets()).toBe(studentVersion(first.id));
    const { card } = studentKeys('pets', studentVersion(first.id));
    expect(keys()).toContain(card);
    expect(pipeline.jobs.all().map(({ id }) => id)).toEqual([first.id]);
    expect(keys()).toContain(versionsKey('pets')); // a third one is v3
    expect(keys().filter((key) => key.includes(studentVersion(second.id)))).toEqual([]);
    // The upload in the bucket was the second one's.
    expect(keys().filter((key) => key.startsWith('datasets/'))).toEqual([]);
  });

  it('keeps the upload and the latest version if both belong to a newer job', async () => {
    const [first, second] = await twoVersions();
    const uploaded = keys().filter((key) => key.startsWith('datasets/'));

    expect(await rm(first.id.slice(0, 16))).toBe(studentVersion(second.id));

    expect(keys().filter((key) => key.startsWith('datasets/'))).toEqual(uploaded);
    forgetUploads();
    await runPipeline(120);
    expect(pipeline.jobs.all().map(({ id }) => id)).toEqual([second.id]);
  });

  it('leaves alone an upload that comes while it works', async () => {
    await runPipeline();
    const { objects } = pipeline.bucket;
    const removal = await findRemoval(target(), 'pets');
    uploadAgain('another', 300);

    await remove(target(), removal, pipeline.jobs.all(), async () => undefined);

    expect(await objects.head('datasets/pets/_READY')).toBeDefined();
    await runPipeline(61);
    expect(pipeline.state()).toBe('published');
  });
});

describe('what cannot be removed', () => {
  it('is a job that has not ended', async () => {
    await sweepJobs(pipeline.ports, HOUR);
    const before = keys();

    await expect(rm('pets')).rejects.toMatchObject({
      exit: 2,
      message: expect.stringMatching(
        /has not ended: its state is "training". Cancel it first: npx understudy cancel [0-9a-f]{12}$/,
      ),
    });
    expect(keys()).toEqual(before);
  });

  it('is a cancelled job whose training has not been stopped yet', async () => {
    const { jobs, onlyJob } = pipeline;
    await sweepJobs(pipeline.ports, HOUR);
    await jobs.save(advance(onlyJob(), { type: 'cancel-requested' }, noon));

    await expect(rm('pets')).rejects.toThrow('its training has not been stopped yet');

    pipeline.training.end((_, trainingJobName) => ({
      type: 'training-failed',
      trainingJobName,
      code: 'STOPPED',
      what: '',
      remedy: '',
    }));
    await sweepJobs(pipeline.ports, HOUR);
    await rm('pets');
    expect(keys()).toEqual([]);
  });

  it('is a job that somebody retries at that moment', async () => {
    const { ports, jobs, onlyJob } = pipeline;
    await sweepJobs(ports, HOUR);
    pipeline.training.end((_, trainingJobName) => ({
      type: 'training-failed',
      trainingJobName,
      code: 'X',
      what: '',
      remedy: '',
    }));
    await sweepJobs(ports, HOUR);
    const removal = await findRemoval(target(), 'pets');
    await jobs.save(advance(onlyJob(), { type: 'retry-requested' }, noon));

    const removing = remove(target(), removal, jobs.all(), async () => undefined);

    await expect(removing).rejects.toThrow('was retried in the meantime; nothing was removed');
    expect(pipeline.state()).toBe('validated');
  });

  it.each([
    ['dogs', 'There is no student or job "dogs".'],
    ['', 'There is no student or job "".'],
    ['/', 'There is no student or job "/".'],
    ['pets/0a1b2c3d4e5f', 'There is no student or job "pets/0a1b2c3d4e5f". "pets" has '],
  ])('is "%s", which does not exist', async (wanted, message) => {
    await runPipeline();
    await expect(rm(wanted)).rejects.toMatchObject({
      exit: 6,
      message: expect.stringContaining(message),
    });
  });

  it('is an id that is the beginning of several', async () => {
    const { jobs } = pipeline;
    await runPipeline();
    const [job] = jobs.all();
    if (!job) throw new Error('there is no job');
    const ambiguous = [job, { ...job, id: `${job.id.slice(0, 20)}${'f'.repeat(44)}` }];
    const several = { ...target(), allJobs: async () => ambiguous };

    await expect(findRemoval(several, job.id.slice(0, 8))).rejects.toMatchObject({
      exit: 2,
      message: expect.stringContaining('The ids of 2 jobs begin with'),
    });
  });
});

describe('the question before a removal', () => {
  const question = async (wanted: string) => describeRemoval(await findRemoval(target(), wanted));

  it('names the student, its job and its upload', async () => {
    await runPipeline();
    const version = studentVersion(pipeline.onlyJob().id);

    expect(await question('pets')).toBe(
      `the student pets v1 (${version}), its job, and the upload datasets/pets/ (10 images): 0.0 MB`,
    );
  });

  it('counts versions and jobs', async () => {
    const [first] = await twoVersions();

    expect(await question('pets')).toBe(
      'the student pets with its 2 versions, 2 jobs, and the upload datasets/pets/ (11 images): 0.0 MB',
    );
    expect(await question('pets/v1')).toBe(
      `the student pets v1 (${studentVersion(first.id)}) and its job: 0.0 MB`,
    );
  });

  it('says of a job without a student how it has ended', async () => {
    const { bucket, onlyJob } = pipeline;
    bucket.put('datasets/pets/cat/broken.png', 'not an image');
    await runPipeline();

    expect(await question('pets')).toBe(
      `the job ${studentVersion(onlyJob().id)} of pets (rejected) and the upload datasets/pets/: 0.0 MB`,
    );
    await rm('pets');
    expect(keys()).toEqual([]);
  });
});

describe('a removal that is disturbed', () => {
  /** Every object or row that is written or deleted passes `before`. */
  function watched(before: (call: number) => Promise<void>) {
    const { objects } = pipeline.bucket;
    let calls = 0;
    const pass =
      <A extends unknown[], R>(call: (...given: A) => Promise<R>) =>
      async (...given: A): Promise<R> => {
        await before(calls++);
        return call(...given);
      };
    return target({
      objects: {
        ...objects,
        // One by one: S3 too may stop in the middle of a batch.
        remove: async (all) => {
          for (const key of all) await pass(objects.remove)([key]);
        },
        removeIf: pass(objects.removeIf),
        writeIf: pass(objects.writeIf),
      },
      jobs: { ...pipeline.jobs, remove: pass(pipeline.jobs.remove) },
    });
  }

  /** Whether every student with a card has all its files. */
  async function isWhole(): Promise<boolean> {
    const cards = keys().filter((key) => key.endsWith('student.json'));
    return cards.every((key) => keys().includes(key.replace('student.json', 'model/weights.bin')));
  }

  it('is finished by the same command wherever it was killed, and trains nothing meanwhile', async () => {
    let kills = 0;
    for (let fatal = 0; ; fatal++) {
      pipeline = await pipelineInMemory();
      await twoVersions();
      const dying = watched(async (call) => {
        if (call >= fatal) throw new Error('the process died');
      });
      const ended = await rm('pets', dying).then(
        () => 'done',
        (error: Error) => error.message,
      );
      expect(await isWhole()).toBe(true);
      if (ended === 'done') break;
      expect(ended).toBe('the process died');
      kills += 1;
      forgetUploads();
      await runPipeline(120);
      expect(pipeline.training.started.size).toBe(2);

      await rm('pets');
      expect({ fatal, keys: keys(), jobs: pipeline.jobs.all() }).toEqual({
        fatal,
        keys: [],
        jobs: [],
      });
    }
    expect(kills).toBeGreaterThan(20);
  });

  it('leaves one version whole when that of the other was killed', async () => {
    for (let fatal = 0; fatal < 30; fatal++) {
      pipeline = await pipelineInMemory();
      const [first, second] = await twoVersions();
      const dying = watched(async (call) => {
        if (call >= fatal) throw new Error('the process died');
      });
      await rm(`pets/${studentVersion(second.id)}`, dying).catch(() => undefined);
      await rm(`pets/${studentVersion(second.id)}`).catch(({ exit }) => expect(exit).toBe(6)); // it was done

      expect(await isWhole()).toBe(true);
      expect(await latestOfPets()).toBe(studentVersion(first.id));
      expect(pipeline.jobs.all().map(({ id }) => id)).toEqual([first.id]);
    }
  });

  it('comes out right beside another removal and a sweeper', async () => {
    for (let seed = 0; seed < 40; seed++) {
      pipeline = await pipelineInMemory();
      const [first, second] = await twoVersions();
      const random = mulberry32(seed);
      const slow = watched(async () => {
        for (let turns = Math.floor(5 * random()); turns > 0; turns--) await turn();
      });
      const [one, other] = [first, second].map(({ id }) => `pets/${studentVersion(id)}`);
      if (seed % 2) forgetUploads();
      await Promise.all([
        rm(one ?? '', slow),
        rm(other ?? '', slow),
        rm(seed % 3 ? 'pets' : (other ?? ''), slow),
        runPipeline(62),
      ]);
      await runPipeline(180);

      expect({ seed, keys: keys(), jobs: pipeline.jobs.all() }).toEqual({
        seed,
        keys: [],
        jobs: [],
      });
    }
  });
});
