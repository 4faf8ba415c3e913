import { describe, expect, it } from 'vitest';
import type { Head } from '#training-image/head/fit-head.ts';
import { measure } from '#training-image/measure.ts';

/** Answers with the class whose feature is largest: features are logits, for values between −3 and 3. */
const identity: Head = {
  scaling: { mean: new Float32Array(3), deviation: new Float32Array(3).fill(1) },
  kernel: Float32Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1]),
  bias: new Float32Array(3),
};
const oneHot = (answers: readonly number[]) =>
  Float32Array.from(answers.flatMap((answer) => [0, 1, 2].map((k) => (k === answer ? 1 : 0))));

describe('measure', () => {
  it('counts by the true class and the answer', () => {
    const labels = Int32Array.from([0, 0, 0, 1, 1, 2]);
    const answers = [0, 0, 1, 1, 2, 2];

    const measures = measure(identity, { features: oneHot(answers), labels }, ['a', 'b', 'c']);

    expect(measures.confusion).toEqual([
      [2, 1, 0],
      [0, 1, 1],
      [0, 0, 1],
    ]);
    expect(measures.test).toMatchObject({ n: 6, correct: 4, accuracy: 4 / 6 });
    // scipy 1.17.1: binomtest(4, 6).proportion_ci(0.95, 'wilson')
    expect(measures.test.interval95[0]).toBeCloseTo(0.299993315138392, 10);
    expect(measures.test.interval95[1]).toBeCloseTo(0.9032285888942195, 10);
    expect(measures.chance).toBe(3 / 6);
    expect(measures.perClass.map(({ name, n, correct }) => [name, n, correct])).toEqual([
      ['a', 3, 2],
      ['b', 2, 1],
      ['c', 1, 1],
    ]);
  });

  it('says nothing of a class that was not tested', () => {
    const labels = Int32Array.from([0, 1]);

    const { perClass } = measure(identity, { features: oneHot([0, 1]), labels }, ['a', 'b', 'c']);

    expect(perClass[2]).toEqual({ name: 'c', n: 0, correct: 0, recall: 0, interval95: [0, 1] });
  });
});
