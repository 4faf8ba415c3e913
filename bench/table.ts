/** A table in Markdown, with columns as wide as their widest cell, as the formatter of this project leaves them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return `${[line(head), rule, ...rows.map(line)].join('\n')}\n`;
}

export const percent = (share: number, digits = 0): string => `${(100 * share).toFixed(digits)}%`;

export const verdict = (reached: boolean): string => (reached ? 'reached' : '**missed**');
