import { describe, expect, it } from 'vitest';
import { countCodes, problem, sanitise, someOfEach, sortProblems } from '#core/problem.ts';

describe('sanitise', () => {
  it('replaces escape sequences and direction marks, and limits the length', () => {
    expect(sanitise('a\u001b[31m\u202Eb')).toBe('a\uFFFD[31m\uFFFDb');
    expect(sanitise('x'.repeat(5_000))).toHaveLength(300);
  });

  it('never cuts a character in half', () => {
    for (const start of ['', 'x']) {
      const text = sanitise(start + '𝕏'.repeat(300));
      expect(Buffer.from(text).toString()).toBe(text);
    }
  });
});

describe('problem', () => {
  it('is printable in all its texts', () => {
    expect(problem('CODE', '\u0007', '\u0007', '\u0007')).toEqual({
      code: 'CODE',
      where: '\uFFFD',
      what: '\uFFFD',
      remedy: '\uFFFD',
    });
  });
});

const of = (where: string, code = 'CODE') => problem(code, where, 'It is.', 'Mend it.');

describe('sortProblems', () => {
  it('gives the same order whatever order they were found in: the dataset, then files, then codes', () => {
    const sorted = [of('the dataset'), of('a', 'A'), of('a', 'B'), of('b', 'A')];
    expect(sortProblems([...sorted].reverse())).toEqual(sorted);
    expect(sortProblems([1, 3, 0, 2].flatMap((i) => sorted[i] ?? []))).toEqual(sorted);
  });
});

describe('someOfEach', () => {
  it('leaves some of every code, however many there are of another', () => {
    const many = Array.from({ length: 1_000 }, (_, i) => of(`${i}`, 'MANY'));
    const some = someOfEach([...many, of('z', 'ONE'), of('z', 'OTHER')], 50);
    expect(some).toHaveLength(50);
    expect(countCodes(some)).toEqual({ MANY: 48, ONE: 1, OTHER: 1 });
  });

  it('never gives more than asked for', () => {
    const codes = Array.from({ length: 80 }, (_, i) => of('x', `C${i}`));
    expect(someOfEach(codes, 50)).toHaveLength(50);
    expect(someOfEach(codes, 100)).toEqual(codes);
  });
});
