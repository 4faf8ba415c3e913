import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Topology } from '#engine/topology.ts';
import { trainingStep } from '#engine/training-step.ts';
import type { StepSettings } from '#engine/write-step.ts';
import { syntheticPixels } from '#test/teachers/expected.ts';
import { realTeacher } from './networks.ts';
import { gradientDescent } from './trainings.ts';

// Each step amplifies the rounding errors of the one before. Measured with one thread and without AVX2: the losses of the
// first three steps differ by up to 5e-6, that of the fifth by 5e-5, and the weights by 1.5e-6.
const FIRST_LOSSES = 1e-5; // of three steps, relative
const ALL_LOSSES = 1e-4;

/** The same training in Keras, recorded by test/fixtures/engine/keras_reference.py. */
interface Run {
  losses: number[];
  weights: Record<string, number[]>; // some values of each weight, evenly spaced
}
const file = new URL('../fixtures/engine/keras-reference.json', import.meta.url);
const { runs } = JSON.parse(readFileSync(file, 'utf8')) as { runs: Record<string, Run> };

const STEPS = 5;
const BATCH = 2;

function batch(step: number) {
  const numbers = Array.from({ length: BATCH }, (_, i) => step * BATCH + i + 1);
  return {
    input: Uint8Array.from(numbers.flatMap((k) => [...syntheticPixels(k, 224)])),
    labels: Int32Array.from(numbers, (k) => (97 * k) % 1000),
  };
}

/** The values of a weight at the places that the reference records. */
const samplesOf = (values: Float32Array, count: number): number[] =>
  Array.from(
    { length: count },
    (_, i) => values[Math.floor((i * (values.length - 1)) / (count - 1))] ?? Number.NaN,
  );

let topology: Topology;
let plain: StepSettings;

beforeAll(async () => {
  const teacher = await realTeacher();
  topology = teacher.topology;
  plain = {
    blockOutputs: teacher.entry.blockOutputs,
    retrained: 7,
    input: 'images',
    ...gradientDescent(1e-4, 8),
  };
}, 120_000);

/** Trains as Keras did; returns the errors of the losses, and samples of the weights: before, ours and Keras's. */
function train(run: string, changed: Partial<StepSettings> = {}) {
  const reference = runs[run] ?? expect.unreachable();
  const step = trainingStep(topology, { ...plain, ...changed });
  const losses = Array.from({ length: STEPS }, (_, i) => step.step(batch(i), 1).loss);
  const { weights } = step.read();
  step.dispose();

  const samples = [...weights].flatMap(([weight, values]) => {
    const expected = reference.weights[weight] ?? expect.unreachable(weight);
    const before = samplesOf(topology.weights.get(weight) as Float32Array, expected.length);
    return samplesOf(values, expected.length).map((ours, i) => ({
      weight,
      before: before[i] ?? Number.NaN,
      ours,
      keras: expected[i] ?? Number.NaN,
    }));
  });
  const lossErrors = losses.map((loss, i) => Math.abs(loss / (reference.losses[i] ?? NaN) - 1));
  return { first: Math.max(...lossErrors.slice(0, 3)), all: Math.max(...lossErrors), samples };
}

type Sample = ReturnType<typeof train>['samples'][number];
const largest = (samples: readonly Sample[], of: (sample: Sample) => number) =>
  samples.reduce((most, sample) => Math.max(most, Math.abs(of(sample))), 0);

describe('five steps on EfficientNet-Lite0', () => {
  it('agree with Keras for plain gradient descent', () => {
    const { first, all, samples } = train('sgd');

    expect(first).toBeLessThan(FIRST_LOSSES);
    expect(all).toBeLessThan(ALL_LOSSES);
    expect(samples).toHaveLength(4 * 149);
    expect(largest(samples, ({ before, keras }) => keras - before)).toBeGreaterThan(1e-4);
    expect(largest(samples, ({ ours, keras }) => ours - keras)).toBeLessThan(3e-6);
  }, 60_000);

  it('agree with Keras for AdamW with weight decay and clipping', () => {
    const { first, all, samples } = train('adamw', {
      optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-5, weightDecay: 0.05 },
      learningRates: new Array(8).fill(1e-5),
      clipNorm: 1,
    });

    expect(first).toBeLessThan(FIRST_LOSSES);
    expect(all).toBeLessThan(ALL_LOSSES);
    expect(largest(samples, ({ before, keras }) => keras - before)).toBeGreaterThan(4e-5);
    expect(largest(samples, ({ ours, keras }) => ours - keras)).toBeLessThan(3e-6);
  }, 60_000);
});
