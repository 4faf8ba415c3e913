import { describe, expect, it } from 'vitest';
import { excerptAt, positionsIn } from '#core/text-position.ts';

describe('positionsIn', () => {
  it.each([
    ['ab', 0, 1, 1],
    ['ab', 2, 1, 3],
    ['a\nb', 1, 1, 2],
    ['a\nb', 2, 2, 1],
    ['a\r\nb', 3, 2, 1],
    ['a\rb\n\nc', 5, 4, 1],
  ])('finds in %j the offset %i in line %i, column %i', (text, offset, line, column) => {
    expect(positionsIn(text)(offset)).toEqual({ line, column });
  });
});

describe('excerptAt', () => {
  it('puts a caret below the place, also after tabs', () => {
    expect(excerptAt('{\n\t"a": x\n}', { line: 2, column: 7 })).toBe(
      ['2 |  "a": x', '  |       ^'].join('\n'),
    );
  });

  it('shows only the part around the place of a long line', () => {
    const excerpt = excerptAt(`${'a'.repeat(500)}X${'b'.repeat(500)}`, { line: 1, column: 501 });
    const [line = '', caret = ''] = excerpt?.split('\n') ?? [];

    expect(line.length).toBeLessThan(80);
    expect(line[caret.indexOf('^')]).toBe('X');
  });

  it('is left out for an empty line', () => {
    expect(excerptAt('', { line: 1, column: 1 })).toBeUndefined();
  });
});
