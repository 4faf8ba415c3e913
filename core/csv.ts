const LINE_END = '\r\n';

/** A row of a CSV file as RFC 4180 describes it, with its line break. */
export const csvRow = (cells: readonly string[]): string => cells.map(cell).join(',') + LINE_END;

/**
 * A spreadsheet would run a cell that begins like a formula, also in the wide characters of East Asia; with an apostrophe
 * in front it is text. Where a semicolon or a tab separates cells, a name must not fall apart into two.
 */
function cell(text: string): string {
  const inert = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",;\t\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
