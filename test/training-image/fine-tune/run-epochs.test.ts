import { afterEach, describe, expect, it } from 'vitest';
import type { Batch, TrainingStep } from '#engine/training-step.ts';
import { type Course, runEpochs } from '#training-image/fine-tune/run-epochs.ts';
import { rateAt, scheduleFor } from '#training-image/fine-tune/schedule.ts';
import type { Source } from '#training-image/fine-tune/sources.ts';
import { randomBytes, SIDE, topologyOf } from '../../engine/networks.ts';
import { adamw, begin, endAll, threeParts } from '../../engine/trainings.ts';

afterEach(endAll);

const N = 40;
const BATCH = 8;

/** Images in memory. */
function images(n: number): Source {
  const size = SIDE * SIDE * 3;
  const all = randomBytes(n * size);
  return {
    n,
    rows: async (_, places) =>
      Uint8Array.from([...places].flatMap((at) => [...all.subarray(at * size, (at + 1) * size)])),
    close: async () => undefined,
  };
}

async function course(step: TrainingStep): Promise<{ course: Course; lines: string[] }> {
  const part = (n: number) => ({
    source: images(n),
    labels: Int32Array.from({ length: n }, (_, i) => i % 4),
  });
  const lines: string[] = [];
  return {
    lines,
    course: {
      step,
      train: part(N),
      validation: part(8),
      schedule: { epochs: 3, batch: BATCH, patience: 5, learningRates: [] },
      seed: 1,
      begun: undefined,
      keep: async () => undefined,
      seconds: () => 0,
      budgetSeconds: 1e6,
      tell: { line: (line) => lines.push(line), progress: () => undefined },
    },
  };
}

/** TensorFlow, on a machine that has memory for so many examples. */
function withRoomFor(step: TrainingStep, most: number, taken: Batch[]): TrainingStep {
  return {
    ...step,
    step(batch, rate) {
      if (batch.labels.length > most) {
        throw new Error('ResourceExhausted: OOM when allocating tensor with shape[8,112,112,96]');
      }
      taken.push(batch);
      return step.step(batch, rate);
    },
  };
}

describe('runEpochs', () => {
  it('halves the batch until memory is enough, and leaves out no example', async () => {
    const taken: Batch[] = [];
    const step = withRoomFor(begin(await topologyOf(threeParts()), adamw), 3, taken);
    const { course: tight, lines } = await course(step);

    const { batch, epochs } = await runEpochs(tight);

    expect({ batch, epochs }).toEqual({ batch: 2, epochs: 3 });
    expect(lines.slice(0, 2)).toEqual([
      'Memory ran out; going on with 4 images a batch.',
      'Memory ran out; going on with 2 images a batch.',
    ]);
    const seen = taken.slice(0, N / 2).flatMap(({ labels }) => [...labels]);
    expect(seen.sort().join('')).toBe('0123'.replaceAll(/./g, (label) => label.repeat(N / 4)));
  });

  it('gives up where memory is not enough for one example', async () => {
    const step = withRoomFor(begin(await topologyOf(threeParts()), adamw), 0, []);
    const { course: tight } = await course(step);

    await expect(runEpochs(tight)).rejects.toThrow('Out of memory with a single image a batch.');
  });

  it('lets every other error pass', async () => {
    const step = begin(await topologyOf(threeParts()), adamw);
    const broken = { ...step, step: () => expect.unreachable('a fault of ours') };

    await expect(runEpochs((await course(broken)).course)).rejects.toThrow('a fault of ours');
  });

  it('ends when the validation loss has not fallen for long enough, with the weights of its best', async () => {
    const step = begin(await topologyOf(threeParts()), { ...adamw, learningRates: [0.5, 0.5] });
    const { course: hopeless, lines } = await course(step);
    hopeless.schedule = { ...hopeless.schedule, epochs: 50, patience: 2 };

    const { best, bestWeights, stopped, epochs } = await runEpochs(hopeless);

    const losses = lines.map((line) => Number(/validation_loss=(\S+)/.exec(line)?.[1]));
    expect(losses).toHaveLength(epochs);
    expect(best?.crossEntropy).toBeCloseTo(Math.min(...losses), 6);
    expect(losses.indexOf(Math.min(...losses)) + 1).toBe(best?.epoch);
    expect({ stopped, after: epochs - (best?.epoch ?? 0) }).toEqual({
      stopped: 'no-progress',
      after: 3, // the first worse one is no sign yet
    });
    expect(bestWeights).not.toEqual(step.read().weights);
  });
});

describe('rateAt', () => {
  it.each([
    [0, 0],
    [0.05, 0.5],
    [0.1, 1],
    [0.55, 0.5],
    [1, 0],
  ])('at %f of the schedule is %f', (done, rate) => {
    expect(rateAt(done)).toBeCloseTo(rate, 10);
  });
});

describe('scheduleFor', () => {
  it.each([
    [10, 20, 8],
    [200, 20, 16],
    [1_000, 10, 32],
    [100_000, 5, 32],
  ])('of %i examples is %i epochs in batches of %i', (examples, epochs, batch) => {
    expect(scheduleFor(examples, 2)).toMatchObject({ epochs, batch });
  });

  it('changes the first blocks the least', () => {
    const { learningRates } = scheduleFor(100, 3);

    expect(learningRates).toHaveLength(4);
    expect([...learningRates].sort((a, b) => a - b)).toEqual(learningRates);
  });
});
