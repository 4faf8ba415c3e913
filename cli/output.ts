import { escapeForTerminal, escapeLinesForTerminal } from '#local/escape-for-terminal.ts';

/** Prints data, which scripts may read, to stdout. */
export const out = (text: string): void =>
  void process.stdout.write(`${escapeLinesForTerminal(text)}\n`);

/** Prints a message for a person to stderr. */
export const info = (text: string): void =>
  void process.stderr.write(`${escapeLinesForTerminal(text)}\n`);

export const outJson = (data: unknown): void =>
  void process.stdout.write(`${JSON.stringify(data, null, 2)}\n`);

/** Aligns rows in columns as wide as their widest cell. */
export function table(unsafe: readonly (readonly string[])[]): string {
  const rows = unsafe.map((row) => row.map(escapeForTerminal));
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(widest[i] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
