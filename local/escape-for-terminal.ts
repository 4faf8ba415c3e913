import { UNPRINTABLE } from '#core/printable.ts';

// Names of datasets, classes and files come from outside. Control characters in them could move the cursor, hide text
// or imitate other lines of a terminal; bidirectional marks could reorder a line.

const EACH_UNPRINTABLE = new RegExp(UNPRINTABLE, 'gu');

/** Escapes everything in a text that a terminal would not show as one line of plain text. */
export const escapeForTerminal = (text: string): string => text.replace(EACH_UNPRINTABLE, escaped);

/** Does the same for a text of several lines, which may have our own colours; concealed text is not among them. */
export const escapeLinesForTerminal = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
    .split(/(\u001b\[(?:[0-4]|2[1-4]|3[0-79]|9[0-7])m|\n)/)
    .map((part, i) => (i % 2 === 1 ? part : escapeForTerminal(part)))
    .join('');

const escaped = (character: string): string =>
  `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
