const LINE_END = '\r\n';

/** A row of a CSV file as RFC 4180 describes it, with its line break. */
export const csvRow = (cells: readonly string[]): string => cells.map(cell).join(',') + LINE_END;

/** A spreadsheet would run a cell that begins like a formula; with an apostrophe in front it is text. */
function cell(text: string): string {
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
