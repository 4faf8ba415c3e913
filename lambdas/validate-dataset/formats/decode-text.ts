/** The text of a list: UTF-8, or UTF-16 with a byte order mark, as spreadsheets write it. */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return new TextDecoder().decode(bytes); // takes a BOM off
}

const DELIMITERS = ['\t', ';', ',', '|'] as const;

/** The rows of a delimited text (RFC 4180, any of the usual delimiters); empty lines are skipped. */
export function parseDelimited(text: string, fallback?: RegExp): string[][] {
  const lines = text.split(/\r\n|\n|\r/, 20).filter((line) => line.trim() !== '');
  const counts = DELIMITERS.map((each) => lines.filter((line) => line.includes(each)).length);
  const most = Math.max(...counts);
  const delimiter = DELIMITERS[counts.indexOf(most)] ?? ',';
  if (most * 2 < lines.length && fallback) {
    return text.split(/\r\n|\n|\r/).flatMap((line) => {
      const cells = line.trim().split(fallback);
      return line.trim() === '' ? [] : [cells];
    });
  }
  const rows: string[][] = [];
  let row: string[] = [];
  const pattern = new RegExp(
    `\\s*"((?:[^"]|"")*)"[^\\S\\r\\n]*(?=[${delimiter}\\r\\n]|$)|([^${delimiter}\\r\\n]*)`,
    'y',
  );
  for (let at = 0; at <= text.length; ) {
    pattern.lastIndex = at;
    const [all = '', quoted, plain = ''] = pattern.exec(text) ?? [];
    row.push((quoted?.replaceAll('""', '"') ?? plain).trim());
    at += all.length;
    if (text[at] === delimiter) {
      at += 1;
      continue;
    }
    at += text.startsWith('\r\n', at) ? 2 : 1;
    if (row.some((cell) => cell !== '')) rows.push(row);
    row = [];
  }
  return rows;
}
