import sharp from 'sharp';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Announcement } from '#core/announcement.ts';
import type { StudentCard } from '#core/card.ts';
import { sha256, studentVersion } from '#core/identity.ts';
import { advance, type Job } from '#core/job.ts';
import { latestKey, studentKeys } from '#core/keys.ts';
import { memoryJobs, memoryObjects } from '#examples/in-memory-ports.ts';
import { announceJob } from '#lambdas/announce-job/announce-job.ts';
import { launchTraining } from '#lambdas/launch-training/launch-training.ts';
import { publishStudent } from '#lambdas/publish-student/publish-student.ts';
import { type SweepPorts, sweepJobs } from '#lambdas/sweep-jobs/sweep-jobs.ts';
import { validateDataset } from '#lambdas/validate-dataset/validate-dataset.ts';
import { NoCapacity, type Training, type TrainingRequest, type TrainingSeen } from '#ports';

const WEIGHTS = 'the teacher, to the last bit';
const now = () => new Date('2026-11-24T12:00:00.000Z');
const HOUR = 3600;

let bucket: ReturnType<typeof memoryObjects>;
let jobs: ReturnType<typeof memoryJobs>;
let training: ReturnType<typeof memoryTraining>;
let announced: Announcement[];
let ports: SweepPorts;

/** Training jobs that run until the test ends them. */
function memoryTraining() {
  const started = new Map<string, { request: TrainingRequest; seen: TrainingSeen }>();
  const stopped: string[] = [];
  const port: Training = {
    async start(request) {
      const name = request.trainingJobName;
      const [instanceType = ''] = request.instanceTypes;
      const seen = { is: 'running', jobId: request.job.id, usage: { instanceType } } as const;
      if (!started.has(name)) started.set(name, { request, seen });
      return instanceType;
    },
    async describe(name) {
      return started.get(name)?.seen;
    },
    async stop(name) {
      stopped.push(name);
    },
  };
  const end = (seen: (jobId: string) => TrainingSeen) => {
    for (const each of started.values())
      if (each.seen.is === 'running') each.seen = seen(each.request.job.id);
  };
  return { port, started, stopped, end };
}

beforeEach(async () => {
  bucket = memoryObjects();
  jobs = memoryJobs();
  training = memoryTraining();
  announced = [];
  ports = {
    objects: bucket.objects,
    jobs,
    training: training.port,
    announcer: { announce: async (each) => void announced.push(each) },
    now,
    maxConcurrentJobs: 1,
    teachersInImage: [],
    instanceTypes: ['ml.g4dn.xlarge', 'ml.g5.xlarge'],
    teachers: new Map([
      [
        'efficientnet-lite0',
        {
          input: { px: 224, channels: 3 },
          blockOutputs: [],
          files: [{ name: 'model.json', bytes: WEIGHTS.length, sha256: sha256(WEIGHTS) }],
        },
      ],
    ]),
  };
  bucket.put('teachers/efficientnet-lite0/model.json', WEIGHTS);
  await upload('pets');
});

async function upload(name: string): Promise<void> {
  const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  for (const kind of ['cat', 'dog']) {
    for (let i = 0; i < 5; i++)
      bucket.put(
        `datasets/${name}/${kind}/${i}.png`,
        Buffer.concat([png, Buffer.from(`${kind}${i}`)]),
      );
  }
  bucket.put(`datasets/${name}/_READY`, '');
}

/** What a trainer leaves behind. */
function trained(jobId: string, file = 'weights'): TrainingSeen {
  const prefix = `jobs/${jobId}/output/x/output/model/`;
  const card: StudentCard = {
    schema: 2,
    student: 'pets',
    version: studentVersion(jobId),
    jobId,
    createdAt: now().toISOString(),
    classes: ['cat', 'dog'],
    input: { px: 224, range: '0-255', channels: 'RGB', resize: 'bilinear' },
    teacher: { name: 'efficientnet-lite0', licence: 'Apache-2.0', modelSha256: 'x' },
    freezePlan: {
      requested: 'auto',
      used: 'head-only',
      why: 'so',
      frozenParameters: 1,
      trainedParameters: 1,
    },
    data: {
      dataset: 'datasets/pets/',
      manifestSha256: 'x',
      contentSha256: 'x',
      perClass: [],
      warnings: [],
    },
    metrics: {
      test: {
        n: 10,
        correct: 9,
        accuracy: 0.9,
        interval95: [0.6, 0.98],
        balancedAccuracy: { value: 0.9, interval95: [0.6, 0.98] },
        macroF1: { value: 0.9, interval95: [0.6, 0.98] },
      },
      validation: {
        n: 10,
        accuracy: 0.9,
        crossEntropy: 0.3,
        headOnly: { accuracy: 0.9, crossEntropy: 0.3 },
      },
      calibration: {
        temperature: 1,
        why: 'so',
        before: { ece: 0.1, nll: 0.3 },
        after: { ece: 0.1, nll: 0.3 },
      },
      majorityBaseline: 0.5,
      perClass: [],
      confusion: [],
    },
    head: { examples: 8, iterations: 1, l2: 1, classWeights: [1, 1], trainCrossEntropy: 0 },
    timings: {},
    environment: { understudy: '0', tensorflow: '0', node: '0', device: 'CPU' },
    files: [{ path: 'model/weights.bin', bytes: 7, sha256: sha256('weights') }],
  };
  bucket.put(`${prefix}model/weights.bin`, file);
  bucket.put(`${prefix}student.json`, JSON.stringify(card));
  const usage = { instanceType: 'ml.g4dn.xlarge', billedSeconds: 90 };
  return { is: 'completed', jobId, usage, artifacts: `s3://understudy/${prefix}` };
}

const onlyJob = (): Job => {
  const [job, ...others] = jobs.all();
  if (!job || others.length > 0) throw new Error(`expected one job, found ${jobs.all().length}`);
  return job;
};
const state = () => onlyJob().progress.state;
const sweep = () => sweepJobs(ports, HOUR);

describe('the way of a dataset', () => {
  it('ends published with the sweeper alone, every event lost', async () => {
    await sweep();
    expect(state()).toBe('training');
    training.end(trained);
    await sweep();

    expect(state()).toBe('published');
    const { card } = studentKeys('pets', studentVersion(onlyJob().id));
    expect(bucket.keys()).toContain(card);
    expect(JSON.parse((await bucket.objects.readText(latestKey('pets'))) ?? '').jobId).toBe(
      onlyJob().id,
    );
    expect(announced.map(({ kind }) => kind)).toEqual(['published']);
    expect(await jobs.open()).toEqual([]);
  });

  it('is the same with every event doubled', async () => {
    const twice = async (stage: () => Promise<unknown>) => [await stage(), await stage()];
    await twice(() => validateDataset(ports, 'datasets/pets/_READY'));
    const { id } = onlyJob();
    await twice(() => launchTraining(ports, id));
    training.end(trained);
    await twice(() => publishStudent(ports, id));
    await twice(() => announceJob(ports, id));

    expect(state()).toBe('published');
    expect(training.started.size).toBe(1);
    expect(announced).toHaveLength(1);
  });

  it('lets a second job wait for the first, and then starts it', async () => {
    await upload('birds');
    await sweep();
    expect(
      jobs
        .all()
        .map(({ progress }) => progress.state)
        .sort(),
    ).toEqual(['training', 'waiting']);
    await sweep();
    training.end(trained);
    await sweep();
    await sweep();

    expect(
      jobs
        .all()
        .map(({ progress }) => progress.state)
        .sort(),
    ).toEqual(['published', 'training']);
  });

  it('waits when there is no quota, and says why', async () => {
    const start = ports.training.start;
    const full = async () => {
      throw new NoCapacity('quota', 'Your quota for ml.g4dn.xlarge is 0.');
    };
    ports.training.start = full;
    await sweep();
    expect(onlyJob().progress).toMatchObject({
      state: 'waiting',
      waitingFor: 'quota',
      reason: 'Your quota for ml.g4dn.xlarge is 0.',
    });

    ports.training.start = start;
    await sweep();
    expect([...training.started.keys()]).toEqual([expect.stringMatching(/-a1$/)]);
  });

  it('waits when a training ends for want of capacity, and trains again under another name', async () => {
    await sweepJobs(ports, HOUR);
    training.end((jobId) => ({ is: 'starved', jobId, usage: {}, reason: 'CapacityError: none' }));

    await sweepJobs(ports, HOUR);
    const [waiting] = jobs.all();
    expect(waiting?.progress).toMatchObject({ state: 'waiting', waitingFor: 'capacity' });

    await sweepJobs(ports, HOUR);
    const [again] = jobs.all();
    expect(again?.progress.state).toBe('training');
    expect([...training.started.keys()]).toHaveLength(2);
  });

  it('goes on with a launch that died after its claim, under the same name', async () => {
    await validateDataset(ports, 'datasets/pets/_READY');
    const start = ports.training.start;
    ports.training.start = () => Promise.reject(new Error('the process died'));
    await expect(launchTraining(ports, onlyJob().id)).rejects.toThrow('died');
    expect(state()).toBe('launching');

    ports.training.start = start;
    await sweep();
    expect(state()).toBe('training');
    expect([...training.started.keys()]).toEqual([expect.stringMatching(/-a1$/)]);
  });

  it('stops the training of a cancelled job, and tries again only when it was seen ended', async () => {
    await sweep();
    await jobs.save(advance(onlyJob(), { type: 'cancel-requested' }, now()));
    await sweep();
    expect(training.stopped).toHaveLength(1);
    await jobs.save(advance(onlyJob(), { type: 'retry-requested' }, now()));
    await sweep();
    expect(training.started.size).toBe(1);

    training.end((jobId) => ({
      is: 'ended',
      jobId,
      usage: { billedSeconds: 12 },
      code: 'STOPPED',
      what: 'It was stopped.',
      remedy: 'Retry.',
    }));
    await sweep();
    expect([...training.started.keys()].at(-1)).toMatch(/-a2$/);
    expect(state()).toBe('training');
  });

  it('does not train with a teacher that is not the catalogue’s', async () => {
    bucket.put('teachers/efficientnet-lite0/model.json', `${WEIGHTS}!`);
    await sweep();

    expect(onlyJob().progress).toMatchObject({ state: 'failed', code: 'TEACHER_CHANGED' });
    expect(training.started.size).toBe(0);
  });

  it('asks the bucket for no teacher that the image has', async () => {
    bucket.remove('teachers/efficientnet-lite0/model.json');
    ports.teachersInImage = ['efficientnet-lite0'];
    await sweep();

    expect(state()).toBe('training');
    expect([...training.started.values()][0]?.request.teacher).toBeUndefined();
  });

  it('writes into the row what the training costs at most, and what was billed', async () => {
    await sweep();
    expect(onlyJob().run).toMatchObject({
      instanceType: 'ml.g4dn.xlarge',
      estimate: { instanceType: 'ml.g5.xlarge', dollars: 1.408 },
    });

    training.end(trained);
    await sweep();
    expect(onlyJob().run).toMatchObject({ ended: true, billedSeconds: 90 });
  });

  it('refuses a recipe that asks for an instance this deployment does not have', async () => {
    ports.allowedInstanceTypes = ['ml.g4dn.xlarge'];
    bucket.put('datasets/pets/dataset.json', '{"instance_types": ["ml.p4d.24xlarge"]}');
    await sweep();

    const [problem] = Object(onlyJob().progress).problems;
    expect(problem).toMatchObject({ code: 'INSTANCE_TYPE' });
    expect(problem.what).toContain('ml.p4d.24xlarge');
  });

  it('counts the jobs that somebody should look after', async () => {
    const counts: number[] = [];
    ports.training.start = () =>
      Promise.reject(new NoCapacity('quota', 'The limit is 0 Instances.'));
    const day = 24;
    for (let hour = 0; hour < 2 * day; hour++) {
      ports.now = () => new Date(now().getTime() + hour * HOUR * 1000);
      await sweepJobs(ports, 0, (stuck) => counts.push(stuck));
    }

    expect(counts.slice(0, day)).toEqual(Array(day).fill(0));
    expect(counts.at(-1)).toBe(1);
  });

  it('does not publish what is not what the card says', async () => {
    await sweep();
    training.end((jobId) => trained(jobId, 'weightz'));
    await sweep();

    expect(onlyJob().progress).toMatchObject({ state: 'failed', code: 'OUTPUT_BROKEN' });
    expect(bucket.keys().filter((key) => key.startsWith('students/'))).toEqual([]);
  });

  it('finishes a publication that died between its objects, whichever it was', async () => {
    for (let write = 0; write < 3; write++) {
      bucket = memoryObjects();
      jobs = memoryJobs();
      training = memoryTraining();
      Object.assign(ports, { objects: bucket.objects, jobs, training: training.port });
      bucket.put('teachers/efficientnet-lite0/model.json', WEIGHTS);
      await upload('pets');
      await sweep();
      training.end(trained);
      const { copy, writeIf } = bucket.objects;
      let done = 0;
      const mortal =
        <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
        async (...args: A) => {
          if (done++ === write) throw new Error('the process died');
          return call(...args);
        };
      Object.assign(bucket.objects, { copy: mortal(copy), writeIf: mortal(writeIf) });
      await expect(publishStudent(ports, onlyJob().id)).rejects.toThrow('died');
      await sweep();

      expect(state()).toBe('published');
    }
  });

  it('moves latest.json only forward', async () => {
    await sweep();
    const newer = { schema: 1, version: 'v', jobId: 'j', uploadedAt: '2027-01-01T00:00:00.000Z' };
    bucket.put(latestKey('pets'), JSON.stringify(newer));
    training.end(trained);
    await sweep();

    expect(state()).toBe('published');
    expect(JSON.parse((await bucket.objects.readText(latestKey('pets'))) ?? '')).toEqual(newer);
  });

  it('ends a job whose upload was replaced before it was validated', async () => {
    const { readRange } = bucket.objects;
    bucket.objects.readRange = () => Promise.reject(new Error('the process died'));
    await expect(validateDataset(ports, 'datasets/pets/_READY')).rejects.toThrow('died');
    bucket.objects.readRange = readRange;
    bucket.remove('datasets/pets/cat/0.png');
    await sweep();

    expect(
      jobs
        .all()
        .map(({ progress }) => ('code' in progress ? progress.code : progress.state))
        .sort(),
    ).toEqual(['UPLOAD_GONE', 'rejected']);
  });
});
