import { describe, expect, it } from 'vitest';
import { at } from '#core/at.ts';
import { openRidge } from '#engine/ridge.ts';
import { tf } from '#engine/tensorflow/load.ts';
import fixture from '../fixtures/ridge.json' with { type: 'json' }; // by numpy's least squares, without a Gram matrix

const { sets, penalties, predictions } = fixture;
const groups = fixture.groups.map(({ d, values }) => ({ d, values: Float32Array.from(values) }));
const fold = {
  train: Int32Array.from(fixture.train),
  heldOut: Int32Array.from(fixture.heldOut),
  targets: Float32Array.from(fixture.targets.flat()),
};
const CLASSES = 3;
const SIZE = fold.heldOut.length * CLASSES;

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(b).reduce((most, value, i) => Math.max(most, Math.abs(value - at(a, i))), 0);

describe('openRidge', () => {
  it('predicts what an independent solution does, for every set and penalty', () => {
    const ridge = openRidge(groups, sets, penalties, CLASSES);

    const answers = ridge.run(fold);
    ridge.dispose();

    for (const [set, expected] of predictions.entries()) {
      for (const [i, penalty] of penalties.entries()) {
        const answer = at(answers, set).subarray(i * SIZE, (i + 1) * SIZE);
        const tolerance = Math.max(1e-6, 2e-7 / penalty);
        expect(largestDifference(answer, at(expected, i).flat())).toBeLessThan(tolerance);
      }
    }
  });

  it('takes nothing from the labels and features of other examples', () => {
    const used = new Set([...fold.train, ...fold.heldOut.subarray(0, 1)]);
    const changed = groups.map(({ d, values }) => ({
      d,
      values: values.map((value, i) => (used.has(Math.floor(i / d)) ? value : 1e3)),
    }));
    const first = (predicted: readonly Float32Array[]) =>
      predicted.map((each) => each.slice(0, CLASSES)); // the first held-out example, the first penalty

    const [ridge, other] = [groups, changed].map((given) =>
      openRidge(given, sets, penalties, CLASSES),
    );

    expect(first(other?.run(fold) ?? [])).toEqual(
      first(ridge?.run(fold) ?? [1, 2, 3].map(() => new Float32Array())),
    );
    ridge?.dispose();
    other?.dispose();
  });

  it('works with one example to learn from, and leaves no tensor behind', () => {
    const { binding } = tf.backend() as unknown as { binding: { getNumOfTensors(): number } };
    const ridge = openRidge(groups, [[0, 1]], [1], CLASSES);
    const before = binding.getNumOfTensors();

    const [answer = new Float32Array()] = ridge.run({
      train: Int32Array.of(4),
      heldOut: Int32Array.of(5, 6),
      targets: Float32Array.of(1, 0, -1),
    });

    // Its standardised features are all 0: only the bias remains, with K = 1 and λ = 1.
    expect([...answer]).toEqual([0.5, 0, -0.5, 0.5, 0, -0.5]);
    expect(binding.getNumOfTensors()).toBe(before);
    ridge.dispose();
  });
});
