import { afterEach, describe, expect, it } from 'vitest';
import type { Batch, TrainingStep } from '#engine/training-step.ts';
import type { Checkpoint } from '#training-image/fine-tune/checkpoint.ts';
import { type FineTuningRun, runEpochs } from '#training-image/fine-tune/run-epochs.ts';
import { lrScaleAt, scheduleFor } from '#training-image/fine-tune/schedule.ts';
import type { Source } from '#training-image/fine-tune/sources.ts';
import { randomBytes, SIDE, topologyOf } from '../../engine/networks.ts';
import { adamw, begin, endAll, threeParts } from '../../engine/trainings.ts';
import { keeping, never, quiet } from '../quiet.ts';

afterEach(endAll);

const N = 40;
const BATCH_SIZE = 8;

/** Images in memory. */
function images(n: number): Source {
  const size = SIDE * SIDE * 3;
  const all = randomBytes(n * size);
  return {
    n,
    rows: async (_, indices) =>
      Uint8Array.from([...indices].flatMap((at) => [...all.subarray(at * size, (at + 1) * size)])),
    close: async () => undefined,
  };
}

async function runOf(step: TrainingStep): Promise<FineTuningRun> {
  const part = (n: number) => ({
    source: images(n),
    labels: Int32Array.from({ length: n }, (_, i) => i % 4),
  });
  return {
    step,
    train: part(N),
    validation: part(8),
    schedule: { epochs: 3, batchSize: BATCH_SIZE, patience: 5, learningRates: [] },
    seed: 1,
    resumeFrom: undefined,
    saveCheckpoint: async () => undefined,
    elapsed: () => 0,
    budgetSeconds: 1e6,
  };
}

/** A step that runs out of memory with more than `most` examples. */
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
  it('halves the batch size until memory suffices, and skips no example', async () => {
    const taken: Batch[] = [];
    const step = withRoomFor(begin(await topologyOf(threeParts()), adamw), 3, taken);
    const lines: string[] = [];

    const { batchSize, epochs } = await runEpochs(await runOf(step), keeping(lines), never);

    expect({ batchSize, epochs }).toEqual({ batchSize: 2, epochs: 3 });
    expect(lines.slice(0, 2)).toEqual([
      'Out of memory; continuing with a batch size of 4.',
      'Out of memory; continuing with a batch size of 2.',
    ]);
    const seen = taken.slice(0, N / 2).flatMap(({ labels }) => [...labels]);
    expect(seen.sort().join('')).toBe('0123'.replaceAll(/./g, (label) => label.repeat(N / 4)));
  });

  it('gives up if memory does not suffice for one example', async () => {
    const step = withRoomFor(begin(await topologyOf(threeParts()), adamw), 0, []);
    const run = await runOf(step);

    await expect(runEpochs(run, quiet, never)).rejects.toThrow(
      'Out of memory with a batch size of 1.',
    );
  });

  it('lets every other error through', async () => {
    const step = begin(await topologyOf(threeParts()), adamw);
    const broken = { ...step, step: () => expect.unreachable('a bug') };

    await expect(runEpochs(await runOf(broken), quiet, never)).rejects.toThrow('a bug');
  });

  it('stops at the first loss that is not finite', async () => {
    const real = begin(await topologyOf(threeParts()), adamw);
    let steps = 0;
    const diverging: TrainingStep = {
      ...real,
      step(batch, lrScale) {
        steps += 1;
        const result = real.step(batch, lrScale);
        return steps === 7 ? { ...result, loss: Number.NaN } : result; // in the second epoch
      },
    };

    const { stopped, epochs, best } = await runEpochs(await runOf(diverging), quiet, never);

    expect({ stopped, epochs, best: best?.epoch }).toEqual({
      stopped: 'diverged',
      epochs: 2,
      best: 1,
    });
    expect(steps).toBe(7);
  });

  it('stops when the validation loss is not finite', async () => {
    const real = begin(await topologyOf(threeParts()), adamw);
    const broken: TrainingStep = {
      ...real,
      evaluate: (input) => real.evaluate(input).fill(Number.NaN),
    };

    const { stopped, epochs, best } = await runEpochs(await runOf(broken), quiet, never);

    expect({ stopped, epochs, best }).toEqual({ stopped: 'diverged', epochs: 1, best: undefined });
  });

  it('leaves the checkpoint that it resumes from as it is', async () => {
    const checkpoints: Checkpoint[] = [];
    const first = await runOf(begin(await topologyOf(threeParts()), adamw));
    first.schedule = { ...first.schedule, epochs: 1 };
    first.saveCheckpoint = async (checkpoint) => {
      checkpoints.push(checkpoint);
    };
    await runEpochs(first, quiet, never);
    const [checkpoint] = checkpoints;
    if (!checkpoint) return expect.unreachable('there is no checkpoint');
    const before = structuredClone(checkpoint.progress);
    const second = await runOf(begin(await topologyOf(threeParts()), adamw));

    await runEpochs({ ...second, step: first.step, resumeFrom: checkpoint }, quiet, never);

    expect(checkpoint.progress).toEqual(before);
  });

  it('ends when the validation loss has not fallen for long enough, with the weights of its best', async () => {
    const step = begin(await topologyOf(threeParts()), { ...adamw, learningRates: [0.5, 0.5] });
    const run = await runOf(step);
    run.schedule = { ...run.schedule, epochs: 50, patience: 2 };
    const lines: string[] = [];

    const { best, bestWeights, stopped, epochs } = await runEpochs(run, keeping(lines), never);

    const losses = lines.map((line) => Number(/validation_loss=(\S+)/.exec(line)?.[1]));
    expect(losses).toHaveLength(epochs);
    expect(best?.crossEntropy).toBeCloseTo(Math.min(...losses), 6);
    expect(losses.indexOf(Math.min(...losses)) + 1).toBe(best?.epoch);
    expect({ stopped, after: epochs - (best?.epoch ?? 0) }).toEqual({
      stopped: 'early-stopping',
      after: 3, // the patience of 2, and the epoch that exceeds it
    });
    expect(bestWeights).not.toEqual(step.read().weights);
  });
});

describe('lrScaleAt', () => {
  it.each([
    [0, 0],
    [0.05, 0.5],
    [0.1, 1],
    [0.55, 0.5],
    [1, 0],
  ])('at %f of the schedule is %f', (done, rate) => {
    expect(lrScaleAt(done)).toBeCloseTo(rate, 10);
  });
});

describe('scheduleFor', () => {
  it.each([
    [10, 20, 8],
    [200, 20, 16],
    [1_000, 10, 32],
    [100_000, 5, 32],
  ])('of %i examples is %i epochs in batches of %i', (examples, epochs, batchSize) => {
    expect(scheduleFor(examples, 2)).toMatchObject({ epochs, batchSize });
  });

  it('changes the first blocks the least', () => {
    const { learningRates } = scheduleFor(100, 3);

    expect(learningRates).toHaveLength(4);
    expect([...learningRates].sort((a, b) => a - b)).toEqual(learningRates);
  });
});
