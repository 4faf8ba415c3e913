import { describe, expect, it } from 'vitest';
import {
  classWeights,
  countClasses,
  requireEnough,
  untestedClasses,
} from '#training-image/data/class-counts.ts';

const counts = (train: number, test: number, name = 'a') => ({ name, train, validation: 0, test });

describe('countClasses', () => {
  it('counts each class in each part, without what was left out', () => {
    const labels = Int32Array.of(0, 0, 1, 1, 1);
    const parts = ['train', 'test', 'validation', undefined, 'train'] as const;

    expect(countClasses(['a', 'b'], labels, parts)).toEqual([
      { name: 'a', train: 1, validation: 0, test: 1 },
      { name: 'b', train: 1, validation: 1, test: 0 },
    ]);
  });
});

describe('an example without a label', () => {
  it('is an error, and not an example of the first class', () => {
    const labels = Int32Array.of(0);

    expect(() => countClasses(['a', 'b'], labels, ['train', 'train'])).toThrow(RangeError);
    expect(() => classWeights(Int32Array.of(0, 2), 2, 'auto')).toThrow(RangeError);
  });
});

describe('untestedClasses', () => {
  it.each([
    ['nothing to say', [counts(3, 1), counts(3, 1, 'b')], []],
    [
      'a class that is not tested',
      [counts(3, 1), counts(2, 0, 'b')],
      [/^"b" has too few different images and is not tested/],
    ],
    [
      'a class that cannot be learned',
      [counts(3, 1), counts(3, 1, 'b'), counts(0, 0, 'c')],
      [/^"c" has no usable images/],
    ],
  ])('warns of %s', (_, given, expected) => {
    const tested = new Set([...given.keys()].filter((label) => (given[label]?.test ?? 0) > 0));
    const warnings = untestedClasses(given, tested);

    expect(warnings).toEqual(expected.map((each) => expect.stringMatching(each)));
  });
});

describe('requireEnough', () => {
  it.each([
    ['no class', [counts(0, 0), counts(0, 0, 'b')], /none has any/],
    ['one class', [counts(0, 0), counts(3, 1, 'b')], /only "b" has any/],
    ['no test', [counts(2, 0), counts(2, 0, 'b')], /three different images/],
  ])('refuses a dataset that leaves %s', (_, given, what) => {
    expect(() => requireEnough(given)).toThrow(
      expect.objectContaining({ name: 'TrainingRefused', code: 'TOO_FEW_IMAGES' }),
    );
    expect(() => requireEnough(given)).toThrow(what);
  });
});
