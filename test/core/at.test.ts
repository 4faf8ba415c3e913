import { describe, expect, it } from 'vitest';
import { at, lookUp } from '#core/at.ts';

describe('at', () => {
  it('gives elements of arrays and typed arrays, falsy ones too', () => {
    expect(at(['a', ''], 1)).toBe('');
    expect(at(Float32Array.of(0, 1), 0)).toBe(0);
  });

  it.each([-1, 2, 0.5, Number.NaN])('throws at the index %s, naming it and the length', (index) => {
    expect(() => at([7, 8], index)).toThrow(
      new RangeError(`There is no element ${index} in an array of length 2.`),
    );
  });
});

describe('lookUp', () => {
  it('gives the value of a key, and throws for one that the map does not have', () => {
    const map = new Map([['a', 0]]);

    expect(lookUp(map, 'a')).toBe(0);
    expect(() => lookUp(map, 'b')).toThrow(new RangeError('There is no entry b in the map.'));
  });
});
