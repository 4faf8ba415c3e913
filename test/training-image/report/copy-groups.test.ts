import { describe, expect, it } from 'vitest';
import { copyGroups } from '#training-image/report/copy-groups.ts';

describe('copyGroups', () => {
  it('tells copies from near copies, those in several classes first', () => {
    const copies = {
      identities: ['a', 'a', 'b', 'c', 'd', 'd', 'e'],
      groups: ['a', 'a', 'b', 'b', 'd', 'd', 'e'],
    };

    expect(copyGroups(copies, Int32Array.from([0, 0, 1, 1, 0, 1, 1]))).toEqual([
      { examples: [4, 5], isExact: true, classes: 2 },
      { examples: [0, 1], isExact: true, classes: 1 },
      { examples: [2, 3], isExact: false, classes: 1 },
    ]);
  });
});
