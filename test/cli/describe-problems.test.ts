import { describe, expect, it } from 'vitest';
import { describeProblems } from '#cli/describe-problems.ts';
import { problem } from '#core/problem.ts';

const empty = (i: number) =>
  problem('FILE_EMPTY', `cat/${i}.png`, 'The file is empty.', 'Replace or remove it.');
const small = (i: number) =>
  problem('TOO_FEW_EXAMPLES', `c${i}`, `The class "c${i}" has 1 image.`, 'Add images.');
const many = <T>(length: number, each: (i: number) => T) =>
  Array.from({ length }, (_, i) => each(i));

describe('describeProblems', () => {
  it('gives a line to each of a few', () => {
    expect(describeProblems([empty(1), small(2)])).toEqual([
      'cat/1.png: The file is empty. Replace or remove it.',
      'c2: The class "c2" has 1 image. Add images.',
    ]);
  });

  it('says once what many files have in common', () => {
    expect(describeProblems([...many(46, empty), small(1)])).toEqual([
      '46 files: The file is empty. Replace or remove it.',
      '  cat/0.png, cat/1.png, cat/2.png and 43 more',
      'c1: The class "c1" has 1 image. Add images.',
    ]);
  });

  it('shows some of a kind whose sentences differ', () => {
    expect(describeProblems(many(50, small))).toEqual([
      'c0: The class "c0" has 1 image.',
      'c1: The class "c1" has 1 image.',
      'c2: The class "c2" has 1 image.',
      '  … and 47 more of this kind. Add images.',
    ]);
  });

  it('counts those that it was not given', () => {
    expect(describeProblems(many(4, empty), { FILE_EMPTY: 5_000 })).toEqual([
      '5,000 files: The file is empty. Replace or remove it.',
      '  cat/0.png, cat/1.png, cat/2.png and 4,997 more',
    ]);
  });
});
