import { describe, expect, it } from 'vitest';
import { mcnemarP } from '#core/mcnemar.ts';

describe('mcnemarP', () => {
  it.each([
    // R: binom.test(first, first + second)$p.value
    [0, 0, 1],
    [1, 0, 1],
    [2, 0, 0.5],
    [0, 6, 0.03125],
    [9, 1, 0.021484375],
    [3, 3, 1],
  ])('of %i and %i is %d', (first, second, p) => {
    expect(mcnemarP(first, second)).toBeCloseTo(p, 10);
  });

  it('is no NaN for as many images as a dataset may have', () => {
    expect(mcnemarP(100_000, 100_000)).toBeCloseTo(1, 6);
    expect(mcnemarP(0, 200_000)).toBe(0);
  });
});
