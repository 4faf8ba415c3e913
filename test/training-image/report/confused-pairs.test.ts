import { describe, expect, it } from 'vitest';
import { confusedPairs } from '#training-image/report/confused-pairs.ts';

describe('confusedPairs', () => {
  it('counts both directions of a pair, the most frequent pair first', () => {
    const pairs = confusedPairs([
      [9, 1, 0],
      [3, 5, 2],
      [0, 0, 10],
    ]);

    expect(pairs).toEqual([
      { a: 1, b: 0, aForB: 3, bForA: 1 }, // named first: the one that is mistaken more often
      { a: 1, b: 2, aForB: 2, bForA: 0 },
    ]);
  });

  it('puts the smaller classes first where the counts are equal', () => {
    const pairs = confusedPairs([
      [98, 2, 0, 0],
      [0, 100, 0, 0],
      [0, 0, 3, 2],
      [0, 0, 0, 5],
    ]);

    expect(pairs.map(({ a, b }) => [a, b])).toEqual([
      [2, 3],
      [0, 1],
    ]);
  });

  it('has every mistake exactly once', () => {
    const confusion = Array.from({ length: 12 }, (_, i) =>
      Array.from({ length: 12 }, (_, j) => (i * 7 + j * 5) % 4),
    );
    const mistakes = confusion.flatMap((row, i) => row.filter((_, j) => j !== i));

    const times = confusedPairs(confusion).map(({ aForB, bForA }) => aForB + bForA);

    expect(times.reduce((a, b) => a + b, 0)).toBe(mistakes.reduce((a, b) => a + b, 0));
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });
});
