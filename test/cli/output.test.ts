import { describe, expect, it } from 'vitest';
import { table } from '#cli/output.ts';
import { percent } from '#core/quantities.ts';

describe('table', () => {
  it('aligns its columns', () => {
    expect(
      table([
        ['a', 'bb', 'c'],
        ['aaa', 'b', ''],
      ]),
    ).toBe('a    bb  c\naaa  b');
  });

  it('shows names from outside as one line of plain text', () => {
    const name = 'pets\u001b[2J\nSTUDENT  \u202eevil';

    expect(table([[name, 'published']])).toBe(
      'pets\\u001b[2J\\u000aSTUDENT  \\u202eevil  published',
    );
  });
});

describe('percent', () => {
  it('has one decimal and no space', () => {
    expect(percent(0.91457)).toBe('91.5%');
  });
});
