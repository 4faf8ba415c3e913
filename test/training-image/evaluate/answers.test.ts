import { describe, expect, it } from 'vitest';
import { answersOf } from '#training-image/evaluate/answers.ts';

const one = (logits: number[], label: number, temperature = 1) =>
  answersOf(
    [7],
    { logits: Float32Array.from(logits), labels: Int32Array.from([label]) },
    temperature,
  )[0];

describe('answersOf', () => {
  it('gives the example, the prediction, its probability and that of the label', () => {
    expect(one([0, Math.log(3)], 0)).toMatchObject({
      example: 7,
      label: 0,
      predicted: 1,
      confidence: expect.closeTo(0.75),
      ofLabel: expect.closeTo(0.25),
    });
  });

  it('keeps the three most probable classes in order', () => {
    const logits = [0.1, 0.4, 0.2, 0.2, 0.1].map(Math.log); // of equals, the first

    expect(one(logits, 4)?.best).toEqual([
      { label: 1, probability: expect.closeTo(0.4) },
      { label: 2, probability: expect.closeTo(0.2) },
      { label: 3, probability: expect.closeTo(0.2) },
    ]);
  });

  it('divides the logits by the temperature first, and copes with large ones', () => {
    expect(one([0, 2 * Math.log(3)], 1, 2)?.confidence).toBeCloseTo(0.75);
    expect(one([5000, 0], 0)).toMatchObject({ predicted: 0, confidence: 1 });
  });
});
