import { beforeEach, describe, expect, it } from 'vitest';
import { advance } from '#core/job.ts';
import { announceJob } from '#lambdas/announce-job/announce-job.ts';
import { validateDataset } from '#lambdas/validate-dataset/validate-dataset.ts';
import { noon, type PipelineInMemory, pipelineInMemory } from '../pipeline-in-memory.ts';

let pipeline: PipelineInMemory;
beforeEach(async () => {
  pipeline = await pipelineInMemory();
  await validateDataset(pipeline.ports, 'datasets/pets/_READY');
  const { jobs, onlyJob } = pipeline;
  await jobs.save(advance(onlyJob(), { type: 'cancel-requested' }, noon));
});

describe('announceJob', () => {
  it('sends what is in the outbox once, and empties it', async () => {
    const { ports, announced, onlyJob } = pipeline;
    await announceJob(ports, onlyJob().id);
    await announceJob(ports, onlyJob().id);

    expect(announced.map(({ kind }) => kind)).toEqual(['cancelled']);
    expect(onlyJob().outbox).toEqual([]);
  });

  it('sends it again, under the same id, when it died before it could empty the outbox', async () => {
    const { ports, announced, jobs, onlyJob } = pipeline;
    const { save } = jobs;
    jobs.save = () => Promise.reject(new Error('the process died'));
    await expect(announceJob(ports, onlyJob().id)).rejects.toThrow('died');
    jobs.save = save;
    await announceJob(ports, onlyJob().id);

    const [first, second] = announced.map(({ id }) => id);
    expect(first).toBe(second);
  });

  it('keeps in the outbox what the bus does not accept', async () => {
    const { ports, onlyJob } = pipeline;
    ports.announcer.announce = () => Promise.reject(new Error('the bus is down'));

    await expect(announceJob(ports, onlyJob().id)).rejects.toThrow('the bus is down');
    expect(onlyJob().outbox).toHaveLength(1);
  });

  it('does nothing for a job that does not exist', async () => {
    expect(await announceJob(pipeline.ports, 'f'.repeat(64))).toBeUndefined();
  });
});
