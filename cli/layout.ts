import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import { escapeForTerminal } from '#local/escape-for-terminal.ts';

// Apart from output.ts: the tables of Unicode take as long to load as all else that a first line needs.

/** Aligns rows in columns as wide as their widest cell; wide characters take two places. */
export function table(unsafe: readonly (readonly string[])[]): string {
  const rows = unsafe.map((row) => row.map(escapeForTerminal));
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(widest[i] ?? 0, stringWidth(cell))),
    [],
  );
  const padded = (cell: string, i: number) =>
    cell + ' '.repeat(Math.max(0, (widths[i] ?? 0) - stringWidth(cell)));
  return rows.map((row) => row.map(padded).join('  ').trimEnd()).join('\n');
}

/**
 * A table that fits into the terminal: without some columns, and with its lines cut off if that is not enough. What is not
 * a terminal gets all of it.
 *
 * @param spare indices of the columns that can be left out, the least important first
 */
export function fittingTable(
  rows: readonly (readonly string[])[],
  spare: readonly number[] = [],
  columns = terminalColumns(),
): string {
  if (columns === undefined) return table(rows);
  const without = (left: number) =>
    table(rows.map((row) => row.filter((_, i) => !spare.slice(0, left).includes(i))));
  let left = 0;
  while (left < spare.length && widthOf(without(left)) > columns) left += 1;
  return without(left)
    .split('\n')
    .map((line) => cut(line, columns))
    .join('\n');
}

const widthOf = (text: string): number =>
  Math.max(...text.split('\n').map((line) => stringWidth(line)));

function cut(line: string, columns: number): string {
  if (stringWidth(line) <= columns) return line;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    if (stringWidth(kept + segment) >= columns) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Two columns if they fit into the terminal; otherwise each pair below each other, so that a command stays in one piece. */
export function pairs(
  unsafe: readonly (readonly [string, string])[],
  columns = terminalColumns(),
): string {
  const inColumns = table(unsafe);
  if (columns === undefined || widthOf(inColumns) <= columns) return inColumns;
  return unsafe
    .map(([name, value]) => `${escapeForTerminal(name)}:\n  ${escapeForTerminal(value)}`)
    .join('\n');
}

const WIDEST = 100; // columns; chosen: longer lines are hard to read

/**
 * Breaks a text between words for the terminal. What is not a terminal gets it in one line.
 *
 * @param indent spaces before each line
 */
export function paragraph(text: string, indent = 0, columns = terminalColumns()): string {
  const space = ' '.repeat(indent);
  const wrapped =
    columns === undefined ? text : wrapAnsi(text, Math.max(20, Math.min(columns, WIDEST) - indent));
  return wrapped
    .split('\n')
    .map((line) => space + line)
    .join('\n');
}

const terminalColumns = (): number | undefined =>
  process.stdout.isTTY ? process.stdout.columns || undefined : undefined; // some say 0
