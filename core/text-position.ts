/** A place in a text, as editors show it: both count from 1, columns in UTF-16 units. */
export interface TextPosition {
  line: number;
  column: number;
}

/** @returns a function that gives the position of an offset in the text, in logarithmic time */
export function positionsIn(text: string): (offset: number) => TextPosition {
  const starts = [0, ...[...text.matchAll(LINE_END)].map((end) => end.index + end[0].length)];
  return (offset) => {
    let [low, high] = [0, starts.length]; // the line's index is at least `low` and below `high`
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

const LINE_END = /\r\n|\n|\r/g;
const MAX_WIDTH = 72; // columns of the excerpt: the whole file may be one line
const BEFORE = 36; // of them before the place, if the line is longer

/** The line of a place, with its number, and a caret below the place; nothing for an empty line. */
export function excerptAt(text: string, { line, column }: TextPosition): string | undefined {
  const whole = text.split(LINE_END)[line - 1] ?? '';
  if (whole.trim() === '') return undefined;
  const start = whole.length <= MAX_WIDTH ? 0 : Math.max(0, column - 1 - BEFORE);
  const shown = whole.slice(start, start + MAX_WIDTH).replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, ' '); // one column each, tabs too
  const number = String(line);
  return [
    `${number} | ${shown.trimEnd()}`,
    `${' '.repeat(number.length)} | ${' '.repeat(column - 1 - start)}^`,
  ].join('\n');
}
