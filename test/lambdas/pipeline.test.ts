import { beforeEach, describe, expect, it } from 'vitest';
import { studentVersion } from '#core/identity.ts';
import { latestKey, studentKeys } from '#core/keys.ts';
import { announceJob } from '#lambdas/announce-job/announce-job.ts';
import { launchTraining } from '#lambdas/launch-training/launch-training.ts';
import { publishStudent } from '#lambdas/publish-student/publish-student.ts';
import { validateDataset } from '#lambdas/validate-dataset/validate-dataset.ts';
import { type PipelineInMemory, pipelineInMemory } from './pipeline-in-memory.ts';

let pipeline: PipelineInMemory;
beforeEach(async () => {
  pipeline = await pipelineInMemory();
});

describe('a dataset on its whole way', () => {
  it('ends published with the sweeper alone, every event lost', async () => {
    const { bucket, jobs, training, announced, sweep, state, onlyJob, complete } = pipeline;
    await sweep();
    expect(state()).toBe('training');
    training.end(complete());
    await sweep();

    expect(state()).toBe('published');
    const { card } = studentKeys('pets', studentVersion(onlyJob().id));
    expect(bucket.keys()).toContain(card);
    const latest = JSON.parse((await bucket.objects.readText(latestKey('pets'))) ?? '');
    expect(latest.jobId).toBe(onlyJob().id);
    expect(announced.map(({ kind }) => kind)).toEqual(['published']);
    expect(await jobs.open()).toEqual([]);
  });

  it('is the same with every event doubled', async () => {
    const { ports, training, announced, state, onlyJob, complete } = pipeline;
    const twice = async (stage: () => Promise<unknown>) => [await stage(), await stage()];
    await twice(() => validateDataset(ports, 'datasets/pets/_READY'));
    const { id } = onlyJob();
    await twice(() => launchTraining(ports, id));
    training.end(complete());
    await twice(() => publishStudent(ports, id));
    await twice(() => announceJob(ports, id));

    expect(state()).toBe('published');
    expect(training.started.size).toBe(1);
    expect(announced).toHaveLength(1);
  });

  it('leaves one log entry per step, with the job', async () => {
    const { training, recorded, sweep, onlyJob, complete } = pipeline;
    await sweep();
    training.end(complete());
    await sweep();

    expect(recorded.map(({ observation, from, to }) => [observation, from, to])).toEqual([
      ['upload-received', undefined, 'received'],
      ['dataset-validated', 'received', 'validated'],
      ['launch-started', 'validated', 'launching'],
      ['training-running', 'launching', 'training'],
      ['training-completed', 'training', 'trained'],
      ['student-published', 'trained', 'published'],
      ['announced', 'published', 'published'],
    ]);
    expect(new Set(recorded.map(({ jobId }) => jobId))).toEqual(new Set([onlyJob().id]));
  });
});
