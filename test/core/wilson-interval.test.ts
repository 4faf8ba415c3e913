import { describe, expect, it } from 'vitest';
import { wilson95 } from '#core/wilson-interval.ts';

describe('wilson95', () => {
  // Newcombe, Statistics in Medicine 17 (1998), table I, method 3
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [29, 29, 29 / (29 + 3.841459), 1], // closed form where all are correct: n / (n + z²)
  ])('of %i in %i is as published', (correct, n, low, high) => {
    const [l, h] = wilson95(correct, n);

    expect(l).toBeCloseTo(low, 4);
    expect(h).toBeCloseTo(high, 4);
  });

  it('is everything when nothing was tried', () => {
    expect(wilson95(0, 0)).toEqual([0, 1]);
  });
});
