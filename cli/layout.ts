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
