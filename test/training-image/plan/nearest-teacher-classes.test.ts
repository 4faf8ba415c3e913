import { describe, expect, it } from 'vitest';
import { nearestTeacherClasses } from '#training-image/plan/nearest-teacher-classes.ts';

const NAMES = ['tench', 'goldfish', 'cock'];

describe('nearestTeacherClasses', () => {
  it('averages the probabilities of the images of each class', () => {
    // The softmax of logarithms gives back the probabilities.
    const logits = Float32Array.from([0.7, 0.2, 0.1, 0.5, 0.4, 0.1, 0.1, 0.1, 0.8].map(Math.log));

    const [first, second, none] = nearestTeacherClasses(
      logits,
      Int32Array.of(0, 0, 1),
      3,
      NAMES,
      2,
    );

    expect(first?.map(({ name }) => name)).toEqual(['tench', 'goldfish']);
    expect(first?.[0]?.probability).toBeCloseTo(0.6, 6);
    expect(first?.[1]?.probability).toBeCloseTo(0.3, 6);
    expect(second?.[0]).toEqual({ name: 'cock', probability: expect.closeTo(0.8, 6) });
    expect(none).toEqual([]);
  });

  it('withstands logits of any size, and counts where there is no name', () => {
    const [only] = nearestTeacherClasses(
      Float32Array.of(-2000, 0, 2000),
      Int32Array.of(0),
      1,
      [],
      1,
    );

    expect(only).toEqual([{ name: 'class 2', probability: 1 }]);
  });
});
