import { beforeEach, describe, expect, it } from 'vitest';
import { advance, type Job } from '#core/job.ts';
import { launchTraining } from '#lambdas/launch-training/launch-training.ts';
import { observeTraining } from '#lambdas/observe-training.ts';
import { validateDataset } from '#lambdas/validate-dataset/validate-dataset.ts';
import { noon, type PipelineInMemory, pipelineInMemory } from './pipeline-in-memory.ts';

const inMinutes = (minutes: number) => new Date(noon.getTime() + minutes * 60_000);

let pipeline: PipelineInMemory;
beforeEach(async () => {
  pipeline = await pipelineInMemory();
  await validateDataset(pipeline.ports, 'datasets/pets/_READY');
  await launchTraining(pipeline.ports, pipeline.onlyJob().id);
});

const observe = (): Promise<Job> => observeTraining(pipeline.ports, pipeline.onlyJob());
const request = (type: 'cancel-requested' | 'retry-requested') =>
  pipeline.jobs.save(advance(pipeline.onlyJob(), { type }, noon));

describe('observeTraining', () => {
  it('records what was billed when a training job has ended', async () => {
    pipeline.training.end(pipeline.complete());

    expect((await observe()).run).toMatchObject({ ended: true, billedSeconds: 90 });
  });

  it('records an interruption, and the restart after it', async () => {
    const { training, onlyJob } = pipeline;
    const [each] = training.started.values();
    const trainingJobName = onlyJob().run?.trainingJobName ?? '';
    if (each) each.observation = { type: 'training-interrupted', trainingJobName };
    expect((await observe()).progress.state).toBe('interrupted');

    if (each) each.observation = undefined;
    expect((await observe()).progress.state).toBe('training');
  });

  it('stops the training of a cancelled job, and retries only when it has ended', async () => {
    const { ports, training, onlyJob, state } = pipeline;
    await request('cancel-requested');
    await observe();
    expect(training.stopped).toHaveLength(1);
    await request('retry-requested');
    await launchTraining(ports, onlyJob().id);
    expect(training.started.size).toBe(1);

    training.end((_, trainingJobName) => ({
      type: 'training-failed',
      trainingJobName,
      billedSeconds: 12,
      code: 'STOPPED',
      what: 'It was stopped.',
      remedy: 'Retry.',
    }));
    await launchTraining(ports, onlyJob().id);
    expect([...training.started.keys()].at(-1)).toMatch(/-a2$/);
    expect(state()).toBe('training');
    expect(onlyJob().run?.previous).toMatchObject({ attempt: 1, billedSeconds: 12 });
  });

  it('declares a training job missing only when no launcher can be about to create it', async () => {
    const { ports, training, onlyJob } = pipeline;
    training.started.clear();
    await request('cancel-requested');

    ports.now = () => inMinutes(15);
    expect((await observe()).run?.ended).toBe(false);
    ports.now = () => inMinutes(17);
    expect((await observe()).run?.ended).toBe(true);
    expect(onlyJob().progress.state).toBe('cancelled');
  });

  it('fails a job whose training job is missing', async () => {
    pipeline.training.started.clear();
    pipeline.ports.now = () => inMinutes(17);

    expect((await observe()).progress).toMatchObject({ state: 'failed', code: 'TRAINING_MISSING' });
  });
});
