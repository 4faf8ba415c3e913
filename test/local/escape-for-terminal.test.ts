import { describe, expect, it } from 'vitest';
import { escapeForTerminal, escapeLinesForTerminal } from '#local/escape-for-terminal.ts';

describe('escapeForTerminal', () => {
  it.each([
    ['a plain name', 'Katzen und Hündchen 🐶', 'Katzen und Hündchen 🐶'],
    ['an escape sequence', 'a\u001b]0;title\u0007', 'a\\u001b]0;title\\u0007'],
    ['a line feed', 'a\nb', 'a\\u000ab'],
    ['a bidirectional mark', 'a\u202eb', 'a\\u202eb'],
    ['a control character above ASCII', 'a\u009bb', 'a\\u009bb'],
  ])('shows %s', (_, text, shown) => {
    expect(escapeForTerminal(text)).toBe(shown);
  });

  it('keeps line feeds and colours in a text of ours, and nothing else', () => {
    expect(escapeLinesForTerminal('\u001b[1mbold\u001b[22m\n\u001b[2J')).toBe(
      '\u001b[1mbold\u001b[22m\n\\u001b[2J',
    );
    expect(escapeLinesForTerminal('\u001b[8mhidden')).toBe('\\u001b[8mhidden');
  });
});
