import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FINAL } from '#core/job-progress.ts';
import { countFailures } from '#lambdas/count-failures.ts';
import { sweepJobs } from '#lambdas/sweep-jobs/sweep-jobs.ts';
import { validateDataset } from '#lambdas/validate-dataset/validate-dataset.ts';
import { noon, type PipelineInMemory, pipelineInMemory } from './pipeline-in-memory.ts';

const READY = 'datasets/pets/_READY';
const afterNoon = (minutes: number) => new Date(noon.getTime() + minutes * 60_000);

/** What the queue does: the same message again. */
const receive = ({ ports }: PipelineInMemory) => {
  const about = { key: READY };
  return countFailures(ports, about, () => validateDataset(ports, READY, about));
};

/** The calls of the stages that a fault of the code, or of the data, could make throw each time. */
const CALLS = [
  ['objects', 'list'],
  ['objects', 'readText'],
  ['objects', 'readRange'],
  ['objects', 'write'],
  ['objects', 'writeIf'],
  ['objects', 'digest'],
  ['objects', 'copy'],
  ['objects', 'readTextAndEtag'],
  ['training', 'start'],
  ['training', 'describe'],
  ['training', 'stop'],
  ['jobs', 'claimSlot'],
] as const;

/** Makes a call throw with some likelihood; returns what mends it. */
function breakCall(
  { ports }: PipelineInMemory,
  [port, call]: (typeof CALLS)[number],
  throws: () => boolean,
): () => void {
  const methods: Record<string, unknown> = Object(ports[port]);
  const whole = methods[call];
  methods[call] = (...args: unknown[]) => {
    if (throws()) throw new TypeError(`${call} broke`);
    return (whole as (...given: unknown[]) => unknown)(...args);
  };
  return () => {
    methods[call] = whole;
  };
}

describe('a stage that throws each time', () => {
  it('ends a job after five messages, and its owner is told', async () => {
    const pipeline = await pipelineInMemory();
    breakCall(pipeline, ['objects', 'readRange'], () => true);
    for (let i = 0; i < 5; i++) await expect(receive(pipeline)).rejects.toThrow('broke');

    expect(pipeline.onlyJob().progress).toMatchObject({ state: 'failed', code: 'STAGE_FAILED' });
    expect(pipeline.onlyJob().outbox).toMatchObject([{ kind: 'failed' }]);
    await receive(pipeline); // the message is done with
  });

  it('does not end a job in an outage', async () => {
    const pipeline = await pipelineInMemory();
    const { objects } = pipeline.ports;
    const { readRange } = objects;
    objects.readRange = () =>
      Promise.reject(Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
    for (let i = 0; i < 20; i++) await expect(receive(pipeline)).rejects.toThrow('space');
    expect(pipeline.state()).toBe('received');

    objects.readRange = readRange;
    await receive(pipeline);
    expect(pipeline.state()).toBe('validated');
  });

  it('ends a job even if it kills its process each time', async () => {
    const { ports, state, ...pipeline } = await pipelineInMemory();
    const died = new Promise<never>(() => undefined);
    ports.objects.readRange = () => died;
    void validateDataset(ports, READY);
    await expect.poll(() => pipeline.jobs.all().length).toBe(1);
    for (let hour = 2; hour < 7; hour++) {
      ports.now = () => afterNoon(60 * hour);
      void sweepJobs(ports);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(state()).toBe('failed');
  });

  it('does not keep its announcement back', async () => {
    const pipeline = await pipelineInMemory();
    const { ports, announced } = pipeline;
    await sweepJobs(ports);
    breakCall(pipeline, ['training', 'describe'], () => true);
    for (let i = 1; i <= 7; i++) {
      ports.now = () => afterNoon(20 * i);
      await sweepJobs(ports).catch(() => undefined);
    }
    expect(pipeline.state()).toBe('failed');
    expect(announced).toMatchObject([{ kind: 'failed' }]);
  });
});

describe('stages that throw at random places', () => {
  it('never leave a job that is neither final nor making progress', async () => {
    const likelihood = fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(fc.constantFrom(...CALLS), likelihood), {
          minLength: 1,
          maxLength: 3,
          selector: ([call]) => call.join('.'),
        }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })),
        async (broken, numbers) => {
          const pipeline = await pipelineInMemory();
          const { ports, jobs, training, announced, upload } = pipeline;
          let minutes = 0;
          const sweeps = async (count: number) => {
            for (let i = 0; i < count; i++) {
              minutes += 6;
              ports.now = () => afterNoon(minutes);
              await sweepJobs(ports).catch(() => undefined);
              training.end(pipeline.complete());
            }
          };
          const mend = broken.map(([call, how]) =>
            breakCall(pipeline, call, () => (numbers.next().value ?? 0) < how),
          );
          await receive(pipeline).catch(() => undefined);
          await sweeps(60);
          for (const { progress } of jobs.all()) expect(FINAL).toContain(progress.state);
          const told = jobs.all().filter(({ id }) => announced.some(({ jobId }) => jobId === id));
          expect(told).toHaveLength(jobs.all().length);

          for (const each of mend) each();
          upload('birds');
          await sweeps(20);
          const birds = jobs.all().find(({ name }) => name === 'birds');
          expect(birds?.progress.state).toBe('published'); // the training slot is free again
        },
      ),
      { numRuns: 150 },
    );
  });
});
