import { setImmediate as nextTurn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { launchTraining } from '#lambdas/launch-training/launch-training.ts';
import { publishStudent } from '#lambdas/publish-student/publish-student.ts';
import { validateDataset } from '#lambdas/validate-dataset/validate-dataset.ts';
import { StaleJob } from '#ports';
import { noon, type PipelineInMemory, pipelineInMemory } from '../pipeline-in-memory.ts';

class Died extends Error {}

/** The same pipeline for a process that may die before or after any of its calls, and is slow at random. */
function mortal(
  { ports }: PipelineInMemory,
  random: () => number,
  mortality: number,
): PipelineInMemory['ports'] {
  const wrap = <Port extends object>(port: Port): Port =>
    Object.fromEntries(
      Object.entries(port).map(([name, call]) => [
        name,
        typeof call !== 'function'
          ? call
          : async (...args: unknown[]) => {
              for (let turns = random() * 4; turns > 0; turns--) await nextTurn();
              if (random() < mortality) throw new Died();
              const answer = await call(...args);
              if (random() < mortality) throw new Died();
              return answer;
            },
      ]),
    ) as Port;
  return { ...ports, jobs: wrap(ports.jobs), training: wrap(ports.training) };
}

describe('many launchers at the same time, which die between any two steps', () => {
  it('never run more trainings than there are slots, and launch every job in the end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })),
        fc.integer({ min: 1, max: 3 }),
        async (numbers, slots) => {
          const random = () => numbers.next().value ?? 0;
          const pipeline = await pipelineInMemory();
          const { ports, jobs, training } = pipeline;
          ports.maxConcurrentJobs = slots;
          for (const name of ['a', 'b', 'c', 'd']) {
            pipeline.upload(name);
            await validateDataset(ports, `datasets/${name}/_READY`);
          }
          const running = () =>
            [...training.started.values()].filter(({ observation }) => !observation).length;
          const { start } = ports.training;
          ports.training.start = async (request) => {
            const instanceType = await start(request);
            expect(running()).toBeLessThanOrEqual(slots);
            return instanceType;
          };

          const ids = jobs.all().map(({ id }) => id);
          for (let round = 0; round < 30; round++) {
            const mortality = round < 8 ? 0.1 : 0;
            ports.now = () => new Date(noon.getTime() + round * 20 * 60_000);
            const work = ids.flatMap((id) => [
              launchTraining(mortal(pipeline, random, mortality), id),
              publishStudent(mortal(pipeline, random, mortality), id),
              launchTraining(mortal(pipeline, random, mortality), id),
            ]);
            for (const outcome of await Promise.allSettled(work)) {
              if (outcome.status === 'fulfilled') continue;
              const { reason } = outcome;
              if (!(reason instanceof Died || reason instanceof StaleJob)) throw reason;
            }
            const [oldest] = [...training.started].filter(([, each]) => !each.observation);
            if (oldest) {
              const [name, each] = oldest;
              each.observation = pipeline.complete()(each.request.job.id, name);
            }
          }
          expect([...training.started.keys()].sort()).toEqual(
            ids.map((id) => expect.stringContaining(id.slice(0, 16))).sort(),
          );
          expect(new Set(pipeline.states())).toEqual(new Set(['published']));
        },
      ),
      { numRuns: 15, seed: 20261126 },
    );
  });
});
