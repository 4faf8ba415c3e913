import { beforeEach, describe, expect, it } from 'vitest';
import { launchInOrder } from '#lambdas/launch-training/launch-in-order.ts';
import { publishStudent } from '#lambdas/publish-student/publish-student.ts';
import { sweepJobs } from '#lambdas/sweep-jobs/sweep-jobs.ts';
import { validateDataset } from '#lambdas/validate-dataset/validate-dataset.ts';
import { NoCapacity } from '#ports';
import { noon, type PipelineInMemory, pipelineInMemory } from '../pipeline-in-memory.ts';

let pipeline: PipelineInMemory;
beforeEach(async () => {
  pipeline = await pipelineInMemory();
});

const afterNoon = (minutes: number) => new Date(noon.getTime() + minutes * 60_000);

/** Uploads a dataset some minutes after noon, and validates it. */
async function upload(name: string, minutes: number): Promise<string> {
  pipeline.upload(name);
  const key = `datasets/${name}/_READY`;
  pipeline.bucket.put(key, '', afterNoon(minutes));
  const job = await validateDataset(pipeline.ports, key);
  return job?.id ?? '';
}

/** The datasets whose training was started, in order. */
const launched = () =>
  [...pipeline.training.started.values()].map(({ request }) => request.job.name);
/** A sweep at some minutes after noon, which sees deadlines as on AWS. */
async function sweepAt(minutes: number): Promise<void> {
  pipeline.ports.now = () => afterNoon(minutes);
  await sweepJobs(pipeline.ports);
}

describe('waiting jobs', () => {
  it('are launched by a sweep in the order of their uploads, whatever their deadlines', async () => {
    await upload('pets', 0);
    const late = await upload('a-late', 3);
    const early = await upload('z-early', 1);
    for (const id of [late, early]) await launchInOrder(pipeline.ports, id);
    await sweepAt(20);
    for (let minutes = 40; minutes < 200; minutes += 20) {
      pipeline.training.end(pipeline.complete());
      await sweepAt(minutes);
    }

    expect(launched()).toEqual(['pets', 'z-early', 'a-late']);
  });

  it('are launched before a dataset that has just been validated', async () => {
    await launchInOrder(pipeline.ports, await upload('pets', 0));
    await launchInOrder(pipeline.ports, await upload('early', 1));
    pipeline.training.end(pipeline.complete());
    pipeline.ports.now = () => afterNoon(20);
    const [pets] = pipeline.jobs.all().filter(({ name }) => name === 'pets');
    await publishStudent(pipeline.ports, pets?.id ?? '');
    await launchInOrder(pipeline.ports, await upload('late', 21)); // the slot is free

    expect(launched()).toEqual(['pets', 'early']);
  });

  it('keep their place when there was no capacity for them', async () => {
    const { ports } = pipeline;
    const { start } = ports.training;
    let hasCapacity = false;
    ports.training.start = (request) =>
      hasCapacity
        ? start(request)
        : Promise.reject(new NoCapacity('capacity', 'CapacityError: none'));
    await launchInOrder(ports, await upload('pets', 0));
    for (const minutes of [10, 20, 40, 80, 160]) await sweepAt(minutes); // the pause is an hour by now
    hasCapacity = true;
    ports.now = () => afterNoon(161);
    await launchInOrder(ports, await upload('late', 161));

    expect(launched()).toEqual(['pets']);
  });

  it('of which one cannot be launched do not keep the others waiting', async () => {
    const { ports, failed } = pipeline;
    await launchInOrder(ports, await upload('pets', 0));
    await launchInOrder(ports, await upload('early', 1));
    pipeline.training.end(pipeline.complete());
    ports.now = () => afterNoon(20);
    const [pets] = pipeline.jobs.all().filter(({ name }) => name === 'pets');
    await publishStudent(ports, pets?.id ?? '');
    const { readText } = ports.objects;
    const early = pipeline.jobs.all().find(({ name }) => name === 'early')?.id ?? '';
    ports.objects.readText = (key) =>
      key.includes(early) ? Promise.reject(new Error('It broke.')) : readText(key);
    await launchInOrder(ports, await upload('late', 21));

    expect(launched()).toEqual(['pets', 'late']);
    expect(failed.map(({ about }) => about)).toEqual([{ jobId: early }]);
  });
});
