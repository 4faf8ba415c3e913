import { afterEach, describe, expect, it } from 'vitest';
import type { Batch, TrainingStep } from '#engine/training-step.ts';
import type { Checkpoint } from '#training-image/fine-tune/checkpoint.ts';
import { type FineTuningRun, runEpochs } from '#training-image/fine-tune/run-epochs.ts';
import { scheduleFor } from '#training-image/fine-tune/schedule.ts';
import type { Source } from '#training-image/fine-tune/sources.ts';
import { SIDE, topologyOf } from '../../engine/networks.ts';
import { adamw, begin, endAll, threeParts } from '../../engine/trainings.ts';
import { randomBytes } from '../../random.ts';
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
    schedule: { ...scheduleFor(N, 1), epochs: 3, batchSize: BATCH_SIZE },
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

  it('keeps the learning curve that it prints', async () => {
    const lines: string[] = [];
    const step = begin(await topologyOf(threeParts()), adamw);

    const { curve } = await runEpochs(await runOf(step), keeping(lines), never);

    expect(curve.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    const printed = curve.map(
      ({ epoch, trainCrossEntropy, validation }) =>
        `epoch=${epoch} train_loss=${trainCrossEntropy.toFixed(6)} validation_accuracy=${validation?.accuracy.toFixed(6)} validation_loss=${validation?.crossEntropy.toFixed(6)}`,
    );
    expect(lines.filter((line) => line.startsWith('epoch='))).toEqual(printed);
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

    const { stopped, epochs, weights } = await runEpochs(await runOf(diverging), quiet, never);

    expect({ stopped, epochs, weights }).toEqual({
      stopped: 'diverged',
      epochs: 2,
      weights: undefined,
    });
    expect(steps).toBe(7);
  });

  it('stops when the validation loss is not finite', async () => {
    const real = begin(await topologyOf(threeParts()), adamw);
    const broken: TrainingStep = {
      ...real,
      evaluate: (input) => real.evaluate(input).fill(Number.NaN),
    };

    const { stopped, epochs, weights } = await runEpochs(await runOf(broken), quiet, never);

    expect({ stopped, epochs, weights }).toEqual({
      stopped: 'diverged',
      epochs: 1,
      weights: undefined,
    });
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

  it('gives the weights after the last epoch, whatever the validation loss', async () => {
    const step = begin(await topologyOf(threeParts()), { ...adamw, learningRates: [0.5, 0.5] });
    const lines: string[] = [];

    const { weights, stopped } = await runEpochs(await runOf(step), keeping(lines), never);

    const losses = lines.map((line) => Number(/validation_loss=(\S+)/.exec(line)?.[1]));
    expect(Math.min(...losses)).toBeLessThan(losses.at(-1) ?? 0); // an earlier epoch had a smaller one
    expect(stopped).toBe('schedule');
    expect(weights).toEqual(step.read().weights);
  });

  it('shortens the schedule to what the budget holds, and lets the learning rate fall to 0 all the same', async () => {
    const scales: number[] = [];
    const real = begin(await topologyOf(threeParts()), adamw);
    const step: TrainingStep = {
      ...real,
      step(batch, lrScale) {
        scales.push(lrScale);
        return real.step(batch, lrScale);
      },
    };
    const run = await runOf(step);
    run.schedule = { ...run.schedule, epochs: 100 };
    run.elapsed = () => scales.length; // a second per step
    run.budgetSeconds = 50; // ten epochs of five steps
    const lines: string[] = [];

    const { stopped, epochs, weights } = await runEpochs(run, keeping(lines), never);

    expect(
      lines.filter((line) => /of 100 epochs; the schedule is shortened/.test(line)),
    ).toHaveLength(1);
    expect({ stopped, epochs }).toEqual({ stopped: 'budget', epochs: 10 }); // the last one is incomplete
    expect(weights).toEqual(real.read().weights);
    expect(scales.length).toBeLessThanOrEqual(50);
    expect(scales.length).toBeGreaterThan(40);
    expect(Math.max(...scales)).toBeGreaterThan(0.8);
    expect(scales.at(-1)).toBeLessThan(0.01);
  });

  it('keeps the last weights if the budget ends all the same', async () => {
    const step = begin(await topologyOf(threeParts()), adamw);
    const run = await runOf(step);
    let asked = 0;
    run.elapsed = () => (++asked > 12 ? 1e6 : 0); // the machine stands still

    const { stopped, weights } = await runEpochs({ ...run, budgetSeconds: 10 }, quiet, never);

    expect(stopped).toBe('budget');
    expect(weights).toEqual(step.read().weights);
  });
});
