import { describe, expect, it } from 'vitest';
import { problem, sanitise } from '#core/problem.ts';

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
