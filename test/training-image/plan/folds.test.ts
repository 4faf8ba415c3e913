import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldCount, folds } from '#training-image/plan/folds.ts';

const countIn = (fold: Int32Array, labels: Int32Array, f: number, label: number) =>
  fold.reduce((sum, each, i) => sum + (each === f && labels[i] === label ? 1 : 0), 0);

const labelled = fc.integer({ min: 2, max: 6 }).chain((classes) =>
  fc.record({
    classes: fc.constant(classes),
    labels: fc
      .array(fc.integer({ min: 0, max: classes - 1 }), { minLength: 5, maxLength: 60 })
      .map((labels) => Int32Array.from(labels)),
    k: fc.integer({ min: 2, max: 5 }),
    seed: fc.integer(),
  }),
);

describe('folds', () => {
  it('spreads every class, and all examples, as evenly as whole numbers allow', () => {
    fc.assert(
      fc.property(labelled, ({ labels, classes, k, seed }) => {
        const fold = folds(labels, classes, k, seed);

        const each = Array.from({ length: k }, (_, f) => f);
        const spread = (counts: number[]) => Math.max(...counts) - Math.min(...counts);
        expect(spread(each.map((f) => fold.filter((of) => of === f).length))).toBeLessThan(2);
        for (let label = 0; label < classes; label++) {
          expect(spread(each.map((f) => countIn(fold, labels, f, label)))).toBeLessThan(2);
        }
      }),
    );
  });

  it('gives the same folds for the same seed, and others for another', () => {
    const labels = Int32Array.from({ length: 40 }, (_, i) => i % 4);

    expect(folds(labels, 4, 5, 1, 0)).toEqual(folds(labels, 4, 5, 1, 0));
    expect(folds(labels, 4, 5, 1, 1)).not.toEqual(folds(labels, 4, 5, 1, 0));
  });

  it('spreads classes with a single example over the folds', () => {
    const fold = folds(Int32Array.of(0, 1, 2, 3, 4, 5), 6, 3, 1);

    expect([...fold].sort()).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it.each([0, 1, 2.5, 7])('refuses to split 6 examples into %s folds', (k) => {
    expect(() => folds(new Int32Array(6), 1, k, 1)).toThrow(RangeError);
  });
});

describe('foldCount', () => {
  it.each([
    ['the smallest class', [0, 0, 0, 1, 1, 1, 1], 3],
    ['five at most', Array.from({ length: 20 }, (_, i) => i % 2), 5],
    ['two for classes of two', [0, 0, 1, 1, 1, 1], 2],
    ['without regard to classes with a single example', [0, 1, 1, 1, 1], 4],
    ['two where every class has a single example', [0, 1], 2],
  ])('is %s', (_, labels, expected) => {
    expect(foldCount(Int32Array.from(labels), 2)).toBe(expected);
  });
});
