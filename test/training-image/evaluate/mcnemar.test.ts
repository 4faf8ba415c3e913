import { describe, expect, it } from 'vitest';
import { mcnemar } from '#training-image/evaluate/mcnemar.ts';
import type { Predictions } from '#training-image/evaluate/predictions.ts';

/** Predictions for examples of class 0, of which those marked 1 are correct. */
function correctWhere(marks: string): Predictions {
  const logits = [...marks].flatMap((mark) => (mark === '1' ? [1, 0] : [0, 1]));
  return { logits: Float32Array.from(logits), labels: new Int32Array(marks.length) };
}

describe("McNemar's exact test", () => {
  it.each([
    // p from R: binom.test(first, first + second)$p.value
    ['11', '11', 0, 0, 1],
    ['0011', '1111', 0, 2, 0.5],
    ['000000111', '111111111', 0, 6, 0.03125],
    ['1000000000', '0111111111', 1, 9, 0.021484375],
    ['111000', '000111', 3, 3, 1],
  ])('of %s and %s counts %i and %i, p = %d', (first, second, onlyFirst, onlySecond, p) => {
    const comparison = mcnemar(correctWhere(first), correctWhere(second));

    expect(comparison).toEqual({ onlyFirst, onlySecond, p: expect.closeTo(p, 10) });
  });

  it('is exact for thousands of examples', () => {
    const [first, second] = [
      '1'.repeat(2100) + '0'.repeat(1900),
      '0'.repeat(2100) + '1'.repeat(1900),
    ];

    // R: binom.test(2100, 4000)$p.value
    expect(mcnemar(correctWhere(first), correctWhere(second)).p).toBeCloseTo(0.00165, 4);
  });
});
