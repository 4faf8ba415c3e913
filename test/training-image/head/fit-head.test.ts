import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tf } from '#engine/tensorflow/load.ts';
import { classWeights } from '#training-image/data/class-counts.ts';
import { type FittedHead, fitHead } from '#training-image/head/fit-head.ts';
import { headLogits } from '#training-image/head/head.ts';
import type { LabelledFeatures } from '#training-image/head/labelled-features.ts';
import { scaled, scalingOf } from '#training-image/head/scale-features.ts';
import { seeded } from '../../engine/networks.ts';
import { never, quiet } from '../quiet.ts';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'understudy-head-'));
});
afterAll(() => rm(scratch, { recursive: true }));

const CLASSES = 3;
const D = 5;

/** Clouds of points around one centre a class, so wide that they overlap. */
function clouds(perClass: readonly number[], seed: number): InMemory {
  const random = seeded(seed);
  const labels = perClass.flatMap((n, label) => new Array<number>(n).fill(label));
  const features = labels.flatMap((label) =>
    Array.from({ length: D }, (_, i) => (i === label ? 1.5 : 0) + 4 * random()),
  );
  return inMemory(Float32Array.from(features), Int32Array.from(labels), D);
}

interface InMemory extends LabelledFeatures {
  features: Float32Array;
}

const inMemory = (features: Float32Array, labels: Int32Array, d: number): InMemory => ({
  n: labels.length,
  features,
  labels,
  d,
  read: async (from, count) => features.slice(from * d, (from + count) * d),
});

const headOf = (
  train: LabelledFeatures,
  validation: LabelledFeatures,
  wish: 'auto' | 'none' = 'auto',
) => fitHead({ train, validation, weigh: weigh(wish), scratch }, quiet, never);

const weigh = (wish: 'auto' | 'none') => (labels: Int32Array) =>
  classWeights(labels, CLASSES, wish);

const together = (a: InMemory, b: InMemory): InMemory =>
  inMemory(
    Float32Array.from([...a.features, ...b.features]),
    Int32Array.from([...a.labels, ...b.labels]),
    D,
  );

/** Mean weighted cross-entropy and its slopes, in plain loops of 64-bit floats. */
function reference(
  { head, classWeights: weights, l2 }: FittedHead,
  { features, labels }: InMemory,
) {
  const x = scaled(features, head.scaling);
  const n = labels.length;
  const slopes = Array.from({ length: (D + 1) * CLASSES }, (_, i) => l2 * (head.kernel[i] ?? 0));
  let loss = 0;
  for (const [i, label] of labels.entries()) {
    const row = [...x.subarray(i * D, (i + 1) * D)];
    const logits = Array.from(
      { length: CLASSES },
      (_, k) =>
        (head.bias[k] ?? 0) +
        row.reduce((sum, v, j) => sum + v * (head.kernel[j * CLASSES + k] ?? 0), 0),
    );
    const total = logits.reduce((sum, each) => sum + Math.exp(each), 0);
    const weight = (weights[label] ?? 0) / n;
    loss -= weight * ((logits[label] ?? 0) - Math.log(total));
    for (const [k, logit] of logits.entries()) {
      const error = weight * (Math.exp(logit) / total - (k === label ? 1 : 0));
      for (const [j, v] of row.entries())
        slopes[j * CLASSES + k] = (slopes[j * CLASSES + k] ?? 0) + error * v;
      slopes[D * CLASSES + k] = (slopes[D * CLASSES + k] ?? 0) + error;
    }
  }
  return { loss, steepest: Math.max(...slopes.map(Math.abs)) };
}

describe('fitHead', () => {
  it.each(['auto', 'none'] as const)(
    'ends where the convex loss is flat, with class weights %s',
    async (wish) => {
      const [train, validation] = [clouds([60, 20, 40], 1), clouds([10, 5, 8], 2)];

      const fitted = await headOf(train, validation, wish);

      const { loss, steepest } = reference(fitted, together(train, validation));
      expect(steepest).toBeLessThan(2e-4); // nats a unit of weight: the tolerance, and float32
      expect(fitted.crossEntropy).toBeCloseTo(loss, 5);
      expect(fitted.crossEntropy).toBeLessThan(Math.log(CLASSES)); // what knowing nothing costs
      expect(fitted.examples).toBe(143);
    },
  );

  it('ends there as well with more examples than a block holds', async () => {
    const [train, validation] = [clouds([3000, 1000, 2000], 1), clouds([900, 300, 1500], 2)];

    const fitted = await headOf(train, validation);

    const { loss, steepest } = reference(fitted, together(train, validation));
    expect(steepest).toBeLessThan(2e-4);
    expect(fitted.crossEntropy).toBeCloseTo(loss, 5);
    const others = { ...fitted, head: fitted.beforeRefit, classWeights: [1, 1, 1] };
    expect(fitted.validation.crossEntropy).toBeCloseTo(reference(others, validation).loss, 5);
  });

  it('frees every tensor when it is interrupted', async () => {
    const before = tf.memory().numTensors;
    let checks = 0;
    const throwIfRequested = () => {
      checks += 1;
      if (checks === 9) throw new Error('asked to end');
    };
    const [train, validation] = [clouds([6, 6, 6], 1), clouds([2, 2, 2], 2)];
    const weigh = () => [1, 1, 1];

    const fitting = fitHead({ train, validation, weigh, scratch }, quiet, {
      throwIfRequested,
    });

    await expect(fitting).rejects.toThrow('asked to end');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is better than chance on points that it has not seen', async () => {
    const { head } = await headOf(clouds([60, 60, 60], 1), clouds([10, 10, 10], 2));
    const others = clouds([200, 200, 200], 3);

    const logits = await headLogits(head, others);
    const right = others.labels.filter((label, i) => {
      const row = [...logits.subarray(i * CLASSES, (i + 1) * CLASSES)];
      return row.indexOf(Math.max(...row)) === label;
    });

    expect(right.length / others.labels.length).toBeGreaterThan(0.6); // chance is 1/3
  });

  it('gives the same bits for the same data', async () => {
    const fitted = () => headOf(clouds([30, 20, 10], 1), clouds([3, 3, 3], 2));

    expect(await fitted()).toEqual(await fitted());
  });

  it('copes without a validation part, with a class that has no example, and with dead features', async () => {
    const train = clouds([6, 6, 0], 1);
    for (let i = 0; i < train.features.length; i += D) train.features[i] = 0;
    const none = inMemory(new Float32Array(), new Int32Array(), D);

    const { head, crossEntropy, validation } = await headOf(train, none);

    expect(validation).toEqual({ accuracy: 0, crossEntropy: 0 });
    expect(crossEntropy).toBeLessThan(Math.log(2));
    for (const value of [...head.kernel, ...head.bias]) expect(value).toBeTypeOf('number');
    expect([...head.kernel, ...head.bias].every(Number.isFinite)).toBe(true);
    const answers = await headLogits(head, train);
    for (let i = 0; i < 12; i++)
      expect(answers[3 * i + 2]).toBeLessThan(
        Math.max(answers[3 * i] ?? 0, answers[3 * i + 1] ?? 0),
      );
  });

  it('frees every tensor', async () => {
    const before = tf.memory().numTensors;

    await headOf(clouds([6, 6, 6], 1), clouds([2, 2, 2], 2));

    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('classWeights', () => {
  it.each([
    [[5, 5], 'auto', [1, 1]],
    [[30, 10], 'auto', [2 / 3, 2]],
    [[30, 10], 'none', [1, 1]],
    [[30, 0, 10], 'auto', [2 / 3, 0, 2]],
  ] as const)('of %j examples with %s are %j', (counts, wish, expected) => {
    const labels = Int32Array.from(counts.flatMap((n, label) => new Array<number>(n).fill(label)));

    expect(classWeights(labels, counts.length, wish)).toEqual(expected);
  });
});

describe('scaled', () => {
  const scalingOfOne = (features: Float32Array) =>
    scalingOf(inMemory(features, new Int32Array(features.length), 1), () => undefined);

  it('gives a mean of 0 and a deviation of 1, and nothing beyond three deviations', async () => {
    const features = Float32Array.from({ length: 1000 }, (_, i) => (i === 0 ? 1e6 : i % 10));

    const all = scaled(features, await scalingOfOne(features));
    expect(Math.max(...all)).toBe(3);

    const even = scaled(features.subarray(1), await scalingOfOne(features.subarray(1)));
    const mean = even.reduce((sum, each) => sum + each, 0) / even.length;
    const variance = even.reduce((sum, each) => sum + (each - mean) ** 2, 0) / even.length;
    expect(mean).toBeCloseTo(0, 5);
    expect(variance).toBeCloseTo(1, 3);
  });

  it('makes nothing of a feature that only rounding changes', async () => {
    const features = Float32Array.from([2, 2 + 1e-6, 2 - 1e-6, 2]);

    for (const value of scaled(features, await scalingOfOne(features)))
      expect(Math.abs(value)).toBeLessThan(1e-3);
  });
});
