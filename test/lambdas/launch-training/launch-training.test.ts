import { beforeEach, describe, expect, it } from 'vitest';
import { advance, type Job } from '#core/job.ts';
import { inputKeys } from '#core/keys.ts';
import { launchTraining } from '#lambdas/launch-training/launch-training.ts';
import { publishStudent } from '#lambdas/publish-student/publish-student.ts';
import { validateDataset } from '#lambdas/validate-dataset/validate-dataset.ts';
import { LaunchRefused, NoCapacity, StaleJob } from '#ports';
import { noon, type PipelineInMemory, pipelineInMemory, WEIGHTS } from '../pipeline-in-memory.ts';

let pipeline: PipelineInMemory;
beforeEach(async () => {
  pipeline = await pipelineInMemory();
  await validateDataset(pipeline.ports, 'datasets/pets/_READY');
});

const requested = ({ started }: PipelineInMemory['training']) => [...started.values()][0]?.request;
const recipeOf = ({ id, summary }: Job): string => {
  if (!summary) throw new Error(`job ${id} was not accepted`);
  return inputKeys(id, summary).recipe;
};
const launch = () => launchTraining(pipeline.ports, pipeline.onlyJob().id);

describe('launchTraining', () => {
  it('records the maximum cost and the instance type', async () => {
    await launch();

    expect(pipeline.onlyJob().run).toMatchObject({
      instanceType: 'ml.g4dn.xlarge',
      estimate: { instanceType: 'ml.g5.xlarge', dollars: 1.408 },
    });
  });

  it('waits when there is no quota, and launches again under the same name', async () => {
    const { ports, training, onlyJob } = pipeline;
    const { start } = ports.training;
    ports.training.start = async () => {
      throw new NoCapacity('quota', 'Your quota for ml.g4dn.xlarge is 0.');
    };
    await launch();
    expect(onlyJob().progress).toEqual({
      state: 'waiting',
      waitingFor: 'quota',
      reason: 'Your quota for ml.g4dn.xlarge is 0.',
    });

    ports.training.start = start;
    await launch();
    expect([...training.started.keys()]).toEqual([expect.stringMatching(/-a1$/)]);
  });

  it('fails with the sentence of AWS when it does not accept the training job, and frees the slot', async () => {
    const { ports, training, onlyJob, upload } = pipeline;
    const { start } = ports.training;
    ports.training.start = () =>
      Promise.reject(new LaunchRefused('ml.g5.xlarge: no VpcConfig (AccessDeniedException)'));
    const refused = await launch();

    expect(refused?.progress).toMatchObject({
      state: 'failed',
      code: 'LAUNCH_REFUSED',
      what: expect.stringContaining('no VpcConfig (AccessDeniedException)'),
    });
    ports.training.start = start;
    upload('birds');
    const birds = await validateDataset(ports, 'datasets/birds/_READY');
    expect((await launchTraining(ports, birds?.id ?? ''))?.progress.state).toBe('training');

    training.end((_, trainingJobName) => ({
      ...{ type: 'training-failed', trainingJobName, code: 'X', what: '', remedy: '' },
    }));
    await publishStudent(ports, birds?.id ?? '');
    const retried = advance(refused ?? onlyJob(), { type: 'retry-requested' }, noon);
    await ports.jobs.save(retried);
    expect((await launchTraining(ports, retried.id))?.progress.state).toBe('training');
  });

  it('asks for another type when the first one was not to be had', async () => {
    const { ports, training, onlyJob } = pipeline;
    await launch();
    training.end((_, trainingJobName) => ({
      type: 'training-no-capacity',
      trainingJobName,
      instanceType: 'ml.g4dn.xlarge',
      reason: 'none',
    }));
    await publishStudent(ports, onlyJob().id);

    await launch();

    expect(onlyJob().run?.instanceType).toBe('ml.g5.xlarge');
  });

  it('goes on with a launch that died before the training job was created, under the same name', async () => {
    const { ports, training, state } = pipeline;
    const { start } = ports.training;
    ports.training.start = () => Promise.reject(new Error('the process died'));
    await expect(launch()).rejects.toThrow('died');
    expect(state()).toBe('launching');

    ports.training.start = start;
    await launch();
    expect(state()).toBe('training');
    expect([...training.started.keys()]).toEqual([expect.stringMatching(/-a1$/)]);
  });

  it('takes a new name for a job that was removed and came again: SageMaker never forgets one', async () => {
    const { ports, jobs, training, onlyJob, complete } = pipeline;
    await launch();
    training.end(complete());
    await publishStudent(ports, onlyJob().id);
    await jobs.remove(onlyJob());
    const later = { ...ports, now: () => new Date(noon.getTime() + 60_000) };
    await validateDataset(later, 'datasets/pets/_READY');

    const job = await launchTraining(later, onlyJob().id);

    expect([...training.started.keys()].map((name) => name.slice(-3))).toEqual(['-a1', '-a2']);
    expect(job?.run).toMatchObject({
      attempt: 2,
      trainingJobName: [...training.started.keys()][1],
      ended: false,
    });
    expect(job?.progress.state).toBe('training');
  });

  it('says how many slots are in use, and does not write the row again while that is so', async () => {
    const { ports, jobs, upload } = pipeline;
    await launch();
    upload('birds');
    const birds = await validateDataset(ports, 'datasets/birds/_READY');

    const waiting = await launchTraining(ports, birds?.id ?? '');
    expect(waiting?.progress).toMatchObject({
      state: 'waiting',
      waitingFor: 'concurrency',
      reason: '1 of 1 training slots are in use.',
    });
    await launchTraining(ports, birds?.id ?? '');
    expect(await jobs.load(birds?.id ?? '')).toEqual(waiting);
  });

  it('fails a job whose validated recipe is missing, instead of training with the default recipe', async () => {
    const { bucket, training, onlyJob } = pipeline;
    bucket.remove(recipeOf(onlyJob()));

    await launch();

    expect(onlyJob().progress).toMatchObject({ state: 'failed', code: 'RECIPE_MISSING' });
    expect(training.started.size).toBe(0);
  });

  it.each([
    ['another file', `${WEIGHTS}!`, 'differs'],
    ['no file', undefined, 'missing'],
  ])('does not train with %s in place of the teacher’s', async (_, body, word) => {
    const { bucket, training, onlyJob } = pipeline;
    const key = 'teachers/efficientnet-lite0/model.json';
    if (body === undefined) bucket.remove(key);
    else bucket.put(key, body);

    await launch();

    const what = expect.stringContaining(word);
    expect(onlyJob().progress).toMatchObject({ state: 'failed', code: 'TEACHER_CHANGED', what });
    expect(training.started.size).toBe(0);
  });

  it('does not look in the bucket for a teacher that the image contains', async () => {
    const { bucket, ports, training, state } = pipeline;
    bucket.remove('teachers/efficientnet-lite0/model.json');
    ports.teachersInImage = ['efficientnet-lite0'];

    await launch();

    expect(state()).toBe('training');
    expect(requested(training)?.teacherChannel).toBeUndefined();
  });

  it('gives a recipe without minutes those of the deployment, within its dollars', async () => {
    const { bucket, ports, training, onlyJob } = pipeline;
    ports.defaultMinutes = 10;
    bucket.put(recipeOf(onlyJob()), '{ "budget": { "dollars": 5 } }');

    await launch();

    expect(requested(training)?.budget).toEqual({ minutes: 10, dollars: 5 });
    expect(onlyJob().run?.estimate).toMatchObject({ seconds: 600, dollars: 0.2347 });
  });

  it('keeps to the minutes of a recipe', async () => {
    const { bucket, ports, training, onlyJob } = pipeline;
    ports.defaultMinutes = 10;
    bucket.put(recipeOf(onlyJob()), '{ "budget": { "minutes": 90 } }');

    await launch();

    expect(requested(training)?.budget).toEqual({ minutes: 90 });
  });

  it('starts nothing for a job that is unknown, final, or still has a running training job', async () => {
    const { ports, jobs, training, onlyJob } = pipeline;
    expect(await launchTraining(ports, 'f'.repeat(64))).toBeUndefined();

    await launch();
    await jobs.save(advance(onlyJob(), { type: 'cancel-requested' }, noon));
    await launch();
    await jobs.save(advance(onlyJob(), { type: 'retry-requested' }, noon));
    await launch();
    expect(training.started.size).toBe(1);
  });
});

describe('many launchers at the same time', () => {
  it('never run more trainings than there are slots, and run as many as that in the end', async () => {
    const { ports, jobs, training, upload } = pipeline;
    ports.maxConcurrentJobs = 2;
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) upload(name);
    for (const name of names) await validateDataset(ports, `datasets/${name}/_READY`);
    const running = () =>
      [...training.started.values()].filter(({ observation }) => !observation).length;

    for (let round = 0; round < 3; round++) {
      const launches = jobs
        .all()
        .flatMap(({ id }) => [launchTraining(ports, id), launchTraining(ports, id)]);
      for (const outcome of await Promise.allSettled(launches)) {
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(StaleJob);
      }
      expect(running()).toBe(2);
      training.end((_, trainingJobName) => ({
        type: 'training-failed',
        trainingJobName,
        code: 'X',
        what: 'It failed.',
        remedy: 'Retry.',
      }));
      for (const { id } of jobs.all()) await launchTraining(ports, id);
      expect(running()).toBe(round < 2 ? 2 : 0);
    }
  });
});
