import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tf } from '#engine/tensorflow/load.ts';
import { classWeights } from '#training-image/data/class-counts.ts';
import { mulberry32 } from '#training-image/data/seeded-random.ts';
import { smallestLoss } from '#training-image/evaluate/calibration.ts';
import { score } from '#training-image/evaluate/predictions.ts';
import {
  chooseHeads,
  type FittedHead,
  fitHead,
  type Split,
} from '#training-image/head/fit-head.ts';
import { headLogits } from '#training-image/head/head.ts';
import type { HeadData } from '#training-image/head/head-problem.ts';
import type { LabelledFeatures } from '#training-image/head/labelled-features.ts';
import { scaled, scalingOf } from '#training-image/head/scale-features.ts';
import { joined } from '#training-image/storage/row-file.ts';
import { never, quiet } from '../quiet.ts';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'understudy-head-'));
});
afterAll(() => rm(scratch, { recursive: true }));

const CLASSES = 3;
const D = 5;

interface Points {
  features: Float32Array; // [n, D]
  labels: Int32Array; // [n]
}

/** Clouds of points around one centre per class, so wide that they overlap. */
function clouds(perClass: readonly number[], seed: number): Points {
  const random = mulberry32(seed);
  const labels = perClass.flatMap((n, label) => new Array<number>(n).fill(label));
  const features = labels.flatMap((label) =>
    Array.from({ length: D }, (_, i) => (i === label ? 1.5 : 0) + 4 * random()),
  );
  return { features: Float32Array.from(features), labels: Int32Array.from(labels) };
}

function dataOf({ features, labels }: Points, wish: 'auto' | 'none' = 'auto'): HeadData {
  const rows = {
    d: D,
    pick: async (indices: ArrayLike<number>) =>
      Float32Array.from(
        Array.from(indices).flatMap((i) => [...features.subarray(i * D, (i + 1) * D)]),
      ),
  };
  const weigh = (of: Int32Array) => classWeights(of, CLASSES, wish);
  return { features: rows, labels, weigh, scratch };
}

const indicesOf = ({ labels }: Points): Int32Array => Int32Array.from(labels.keys());
const only = ({ features, labels }: Points, indices: Int32Array): Points => ({
  features: Float32Array.from(
    [...indices].flatMap((i) => [...features.subarray(i * D, (i + 1) * D)]),
  ),
  labels: indices.map((i) => labels[i] ?? -1),
});
const inMemory = ({ features, labels }: Points, d = D): LabelledFeatures => ({
  n: labels.length,
  labels,
  d,
  read: async (from, count) => features.slice(from * d, (from + count) * d),
});

const headOf = (points: Points, wish: 'auto' | 'none' = 'auto', l2 = 0.01) =>
  fitHead(dataOf(points, wish), indicesOf(points), { l2, smoothing: 0 }, quiet, never);

/** Mean weighted cross-entropy and its slopes, in plain loops of 64-bit floats. */
function reference(
  { head, classWeights: weights, l2 }: Pick<FittedHead, 'head' | 'classWeights' | 'l2'>,
  { features, labels }: Points,
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
  it.each([
    ['auto', 1],
    ['auto', 0.001],
    ['none', 0.01],
  ] as const)(
    'ends where the convex loss is flat, with class weights %s and a penalty of %d',
    async (wish, l2) => {
      const points = clouds([70, 25, 48], 1);

      const fitted = await headOf(points, wish, l2);

      const { loss, steepest } = reference(fitted, points);
      expect(steepest).toBeLessThan(2e-4); // nats per unit of weight: the tolerance, and float32
      expect(fitted.crossEntropy).toBeCloseTo(loss, 5);
      expect(fitted.crossEntropy).toBeLessThan(Math.log(CLASSES)); // the loss of a constant prediction
      expect(fitted).toMatchObject({ examples: 143, l2 });
    },
  );

  it('ends there as well with more examples than fit into a block', async () => {
    const points = clouds([3900, 1300, 3500], 1);

    const fitted = await headOf(points);

    const { loss, steepest } = reference(fitted, points);
    expect(steepest).toBeLessThan(2e-4);
    expect(fitted.crossEntropy).toBeCloseTo(loss, 5);
  });

  it('is fitted to the chosen examples alone', async () => {
    const points = clouds([30, 30, 30], 1);
    const chosen = indicesOf(points).filter((i) => i % 3 > 0);

    const fitted = await fitHead(dataOf(points), chosen, { l2: 0.01, smoothing: 0 }, quiet, never);

    expect(fitted.examples).toBe(60);
    expect(fitted).toEqual(await headOf(only(points, chosen)));
  });

  it('frees every tensor when it is interrupted', async () => {
    const before = tf.memory().numTensors;
    let checks = 0;
    const throwIfRequested = () => {
      checks += 1;
      if (checks === 9) throw new Error('asked to end');
    };
    const points = clouds([6, 6, 6], 1);

    const fitting = fitHead(dataOf(points), indicesOf(points), { l2: 0.01, smoothing: 0 }, quiet, {
      throwIfRequested,
    });

    await expect(fitting).rejects.toThrow('asked to end');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is better than chance on points that it has not seen', async () => {
    const { head } = await headOf(clouds([60, 60, 60], 1));
    const others = clouds([200, 200, 200], 3);

    const logits = await headLogits(head, inMemory(others));

    const { accuracy } = score({ logits, labels: others.labels });
    expect(accuracy).toBeGreaterThan(0.6); // chance is 1/3
  });

  it('gives the same bits for the same data', async () => {
    const fitted = () => headOf(clouds([30, 20, 10], 1));

    expect(await fitted()).toEqual(await fitted());
  });

  it('copes with a class that has no example, and with dead features', async () => {
    const points = clouds([6, 6, 0], 1);
    for (let i = 0; i < points.features.length; i += D) points.features[i] = 0;

    const { head, crossEntropy } = await headOf(points);

    expect(crossEntropy).toBeLessThan(Math.log(2));
    expect([...head.kernel, ...head.bias].every(Number.isFinite)).toBe(true);
    const answers = await headLogits(head, inMemory(points));
    for (let i = 0; i < 12; i++)
      expect(answers[3 * i + 2]).toBeLessThan(
        Math.max(answers[3 * i] ?? 0, answers[3 * i + 1] ?? 0),
      );
  });

  it('frees every tensor', async () => {
    const before = tf.memory().numTensors;

    await headOf(clouds([6, 6, 6], 1));

    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('chooseHeads', () => {
  const points = clouds([24, 24, 24], 1);
  /** Three splits that hold out every example once, in an order of their own. */
  const splitsBy = (foldOf: (i: number) => number): Split[] =>
    [0, 1, 2].map((fold) => ({
      train: indicesOf(points).filter((i) => foldOf(i) !== fold),
      heldOut: indicesOf(points).filter((i) => foldOf(i) === fold),
    }));
  const splits = splitsBy((i) => i % 3);

  it('takes the penalty with the smallest loss on the held-out examples', async () => {
    const data = dataOf(points);

    const judged = await chooseHeads(data, { splits, folds: 3 }, quiet, never, [0]);

    const losses = new Map<number, number>();
    for (const l2 of [1, 1e-1, 1e-2, 1e-3]) {
      const logits: number[] = [];
      const labels: number[] = [];
      for (const { train, heldOut } of splits) {
        const { head } = await fitHead(data, train, { l2, smoothing: 0 }, quiet, never);
        const others = only(points, heldOut);
        logits.push(...(await headLogits(head, inMemory(others))));
        labels.push(...others.labels);
      }
      const { crossEntropy } = score({
        logits: Float32Array.from(logits),
        labels: Int32Array.from(labels),
      });
      losses.set(l2, crossEntropy);
    }
    const smallest = Math.min(...losses.values());
    expect(losses.get(judged.l2)).toBe(smallest);
    expect(score(judged.predictions).crossEntropy).toBeCloseTo(smallest, 3); // it starts from another solution
  });

  it('smooths labels only where that lowers the loss after temperature scaling', async () => {
    const data = dataOf(points);
    const lossWith = async (smoothings: readonly number[]) =>
      chooseHeads(data, { splits, folds: 3 }, quiet, never, smoothings);

    const [plain, either, always] = [await lossWith([0]), await lossWith([0, 0.2]), 0.2];

    const smoothed = either.smoothing === always;
    const loss = (heads: typeof plain) => smallestLoss(heads.predictions).loss;
    expect(loss(either)).toBeLessThanOrEqual(loss(plain));
    expect(loss(either) < loss(plain)).toBe(smoothed);
  });

  it('predicts each example once, by the head of the split that held it out', async () => {
    const data = dataOf(points);

    const { heads, predictions, accuracies } = await chooseHeads(
      data,
      { splits, folds: 3 },
      quiet,
      never,
    );

    const order = splits.flatMap(({ heldOut }) => [...heldOut]);
    expect([...predictions.labels]).toEqual(order.map((i) => points.labels[i]));
    expect(heads).toHaveLength(3);
    const logits: Float32Array[] = [];
    for (const [i, { heldOut }] of splits.entries()) {
      const head = heads[i];
      if (!head) return expect.unreachable('there is a head for each split');
      logits.push(await headLogits(head, inMemory(only(points, heldOut))));
    }
    expect(predictions.logits).toEqual(joined(logits));
    expect(accuracies).toEqual([score(predictions).accuracy]);
  });

  it('averages the loss over repeats, and keeps the predictions of the first one', async () => {
    const repeated = [...splits, ...splitsBy((i) => Math.floor(i / 2) % 3)];

    const once = await chooseHeads(dataOf(points), { splits, folds: 3 }, quiet, never);
    const twice = await chooseHeads(dataOf(points), { splits: repeated, folds: 3 }, quiet, never);

    expect(twice.accuracies).toHaveLength(2);
    expect(twice.heads).toHaveLength(6);
    expect(twice.predictions.labels).toEqual(once.predictions.labels);
    if (twice.l2 === once.l2) expect(twice.predictions).toEqual(once.predictions);
  });

  it('copes without held-out examples', async () => {
    const none = [{ train: indicesOf(points), heldOut: new Int32Array() }];

    const { heads, predictions } = await chooseHeads(
      dataOf(points),
      { splits: none, folds: 1 },
      quiet,
      never,
    );

    expect(heads).toHaveLength(1);
    expect(predictions.logits).toHaveLength(0);
  });

  it('frees every tensor, also when it is interrupted', async () => {
    const before = tf.memory().numTensors;
    let checks = 0;
    const throwIfRequested = () => {
      checks += 1;
      if (checks === 60) throw new Error('asked to end');
    };

    await chooseHeads(dataOf(points), { splits, folds: 3 }, quiet, never);
    const interrupted = chooseHeads(dataOf(points), { splits, folds: 3 }, quiet, {
      throwIfRequested,
    });

    await expect(interrupted).rejects.toThrow('asked to end');
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
    scalingOf(inMemory({ features, labels: new Int32Array(features.length) }, 1), () => undefined);

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
