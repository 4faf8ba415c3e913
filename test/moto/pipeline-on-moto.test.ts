import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Latest, StudentCard } from '#core/card.ts';
import type { Job } from '#core/job.ts';
import { latestKey, studentKeys } from '#core/keys.ts';
import { type Outcome, understudyOnAws } from '#test/end-to-end/commands.ts';
import { tintedClasses } from '../training-image/images.ts';
import { type DeployedPipeline, deployedPipeline, zipOf } from './deployed-pipeline.ts';
import { awsEnvironment } from './moto-client.ts';

const MINUTES = 60_000;
const STACK = 'Understudy';
/** A recipe whose training takes seconds: what is tested here is the way to it. */
const QUICK = Buffer.from('{ "regime": "head-only", "input_px": 96 }');

let pipeline: DeployedPipeline;
let tints: Buffer;

let folder: string;

/** A command line, as somebody types it who has logged in to AWS. */
const typed = (...words: string[]): Promise<Outcome> =>
  understudyOnAws(join(folder, 'state'), awsEnvironment(pipeline.endpoint), ...words);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-cli-'));
  tints = await zipOf({ ...(await tintedClasses([12, 12])), 'dataset.json': QUICK });
  pipeline = await deployedPipeline();
}, 5 * MINUTES); // the first time, pip installs moto
afterAll(async () => {
  await pipeline?.end();
  await rm(folder, { recursive: true, force: true });
});

/** The student of a name, as whoever fetches it finds it. */
async function studentOf(name: string) {
  const latest = JSON.parse((await pipeline.objects.readText(latestKey(name))) ?? '{}');
  const { card } = studentKeys(name, Latest.parse(latest).version);
  return StudentCard.parse(JSON.parse((await pipeline.objects.readText(card)) ?? '{}'));
}

const jobOf = async (name: string) =>
  (await pipeline.allJobs()).find((job) => job.name === name) ?? expect.fail(`no job of ${name}`);

describe('a stack that CloudFormation made of the template, with the code that esbuild bundled', () => {
  it('is complete, and says where to drop a dataset', () => {
    const { status, outputs, bundles } = pipeline.stack;

    expect(status).toBe('CREATE_COMPLETE');
    expect(outputs.UploadCommand).toContain(`s3://${outputs.BucketName}/datasets/`);
    expect(bundles.size).toBe(5);
  });

  it('validates a zip of two classes when its event comes out of the queue', async () => {
    await pipeline.put('datasets/tints.zip', tints);

    expect(await pipeline.deliverTo('validate-dataset')).toBe(1);

    const { progress, summary } = await jobOf('tints');
    expect(progress.state).toBe('validated');
    expect(summary).toMatchObject({ classes: 2, examples: 24 });
  });

  it('launches a training for the validated row, and for no other row of the stream', async () => {
    expect(await pipeline.deliverTo('launch-training')).toBe(1);

    const { progress, run } = await jobOf('tints');
    expect(progress.state).toBe('training');
    expect(pipeline.sageMaker.started()).toEqual([run?.trainingJobName]);
  });

  it('publishes the student that the real trainer made with the teacher of its image', {
    timeout: 3 * MINUTES,
  }, async () => {
    await pipeline.sageMaker.ended();

    expect(await pipeline.deliverTo('publish-student')).toBeGreaterThan(0); // each change of state is an event

    const { id, progress } = await jobOf('tints');
    expect(progress).toMatchObject({ state: 'published' });
    const student = await studentOf('tints');
    expect(student.jobId).toBe(id);
    expect(student.metrics.test.accuracy).toBeGreaterThan(0.9); // of all 24 images, in cross-validation
  });

  it('announces the student on the topic, in one sentence', async () => {
    expect(await pipeline.deliverTo('announce-job')).toBe(1);

    expect(await pipeline.heard()).toEqual([
      expect.stringMatching(/^tints v1 is ready: [\d.]+% accuracy on /),
    ]);
    expect((await jobOf('tints')).outbox).toEqual([]);
  });

  it('takes the same zip, uploaded again, for the same job', async () => {
    const before = await pipeline.allJobs();

    await pipeline.put('datasets/tints.zip', tints);

    expect(await pipeline.deliverTo('validate-dataset')).toBe(1);
    expect(await pipeline.deliverTo('launch-training')).toBe(0);
    expect(await pipeline.allJobs()).toEqual(before);
    expect(pipeline.sageMaker.started()).toHaveLength(1);
  });

  it('rejects a dataset of one class, and says so on the topic', async () => {
    await pipeline.put('datasets/one class.zip', await zipOf(await tintedClasses([12])));

    await pipeline.deliverTo('validate-dataset');
    await pipeline.deliverTo('announce-job');

    expect(await pipeline.heard()).toEqual([
      'Dataset “one class” was rejected: the dataset: There is only one class, “red”.',
    ]);
  });

  it('brings a folder to its student by sweeps alone, with the teacher that its recipe names and every event lost', {
    timeout: 5 * MINUTES,
  }, async () => {
    const files = await tintedClasses([12, 12, 12]);
    for (const [path, bytes] of Object.entries(files)) {
      await pipeline.put(`datasets/three/${path}`, bytes);
    }
    await pipeline.put(
      'datasets/three/dataset.json',
      '{ "teacher": "efficientnet-lite1", "regime": "head-only", "input_px": 96 }',
    );
    await pipeline.put('datasets/three/_READY', new Uint8Array());

    await pipeline.sweep(); // validates and launches
    await pipeline.sageMaker.ended();
    await pipeline.sweep(); // publishes and announces

    const { progress, outbox } = await jobOf('three');
    expect(progress.state).toBe('published');
    expect(outbox).toEqual([]);
    expect((await studentOf('three')).teacher.name).toBe('efficientnet-lite1');
    expect(await pipeline.heard()).toEqual([expect.stringContaining('three v1 is ready')]);
  });

  it('answers to the command line by the name of its stack', { timeout: 2 * MINUTES }, async () => {
    const outputs = await typed('outputs', '--stack', STACK, '--json');
    expect(JSON.parse(outputs.stdout)).toEqual(pipeline.stack.outputs);

    const status = await typed('status', '--stack', STACK, '--json');
    const states = JSON.parse(status.stdout).map((job: Job) => [job.name, job.progress.state]);
    expect(Object.fromEntries(states)).toEqual({
      tints: 'published',
      'one class': 'rejected',
      three: 'published',
    });

    const list = await typed('list', '--stack', STACK);
    expect(list.stdout).toMatch(/^three\/v1 +\w{12} .*\ntints\/v1 /m);

    const taken = join(folder, 'taken');
    expect(await typed('download', 'tints', taken, '--stack', STACK)).toMatchObject({ exit: 0 });
    expect(await readdir(taken)).toContain('student.json');

    expect(await typed('outputs', '--stack', 'Nobody')).toMatchObject({
      exit: 6,
      stderr: expect.stringContaining('There is no stack "Nobody"'),
    });
    expect(await typed('retry', 'one class', '--stack', STACK)).toMatchObject({ exit: 2 });
  });

  it('changes nothing when the lost events arrive after all', async () => {
    const before = await pipeline.allJobs();

    await pipeline.deliverTo('validate-dataset');
    await pipeline.deliverTo('launch-training');
    await pipeline.deliverTo('publish-student');
    await pipeline.deliverTo('announce-job');

    expect(await pipeline.allJobs()).toEqual(before);
    expect(pipeline.sageMaker.started()).toHaveLength(2);
    expect(await pipeline.heard()).toEqual([]);
  });

  it('leaves no message behind, and no dead letter', async () => {
    const counts = await pipeline.waiting();

    expect(Object.keys(counts).length).toBeGreaterThan(5);
    expect(Object.values(counts).every((count) => count === 0)).toBe(true);
  });
});
