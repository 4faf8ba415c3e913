import { describe, expect, it } from 'vitest';
import { nameProblem } from '#core/dataset-name.ts';

describe('nameProblem', () => {
  it.each(['pets', 'Straßenbäume 2026', '猫と犬', 'a.b-c_d', '👩‍👩‍👧', 'x'.repeat(100)])(
    'accepts %s',
    (name) => {
      expect(nameProblem(name)).toBeUndefined();
    },
  );

  it.each([
    ['', 'it is empty'],
    ['  ', 'it is empty'],
    ['.', 'it begins with a dot'],
    ['..', 'it begins with a dot'],
    ['...', 'it begins with a dot'],
    ['.hidden', 'it begins with a dot'],
    [' pets', 'it begins or ends with a space'],
    ['back\\slash', 'it contains a slash'],
    ['a/b', 'it contains a slash'],
    ['a\u001b[31mb', 'it contains a control character'],
    ['a\nb', 'it contains a control character'],
    ['a\u0000b', 'it contains a control character'],
    ['a\u202eb', 'it contains a control character'],
    ['a\u2066b', 'it contains a control character'],
    ['x'.repeat(101), 'it is longer than 100 characters'],
    ['𝕏'.repeat(101), 'it is longer than 100 characters'],
  ])('refuses %j', (name, why) => {
    expect(nameProblem(name)).toBe(why);
  });
});
