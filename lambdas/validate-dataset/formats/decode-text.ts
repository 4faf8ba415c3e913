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
  for (let at = 0; at <= text.length; ) {
    const { cell, end } = quotedCell(text, at, delimiter) ?? plainCell(text, at, delimiter);
    row.push(cell.trim());
    at = end;
    if (text[at] === delimiter) {
      at += 1;
      continue;
    }
    at += text.startsWith('\r\n', at) ? 2 : 1;
    if (row.some((each) => each !== '')) rows.push(row);
    row = [];
  }
  return rows;
}

interface Cell {
  cell: string;
  end: number; // index of the delimiter or line break after it
}

const MAX_CELL = 100_000; // characters; chosen: a longer one lacks its closing quote

/** A cell in quotes, in which two quotes are one; `undefined` if there is none here. No regex: it would run out of stack. */
function quotedCell(text: string, from: number, delimiter: string): Cell | undefined {
  const start = skipSpaces(text, from);
  if (text[start] !== '"') return undefined;
  const window = text.slice(start + 1, start + 1 + MAX_CELL);
  let close = window.indexOf('"');
  while (close >= 0 && window[close + 1] === '"') close = window.indexOf('"', close + 2);
  if (close < 0) return undefined;
  const end = skipSpaces(text, start + 1 + close + 1);
  const isEnd = end >= text.length || [delimiter, '\r', '\n'].includes(text[end] ?? '');
  return isEnd ? { cell: window.slice(0, close).replaceAll('""', '"'), end } : undefined;
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ') at += 1;
  return at;
}

function plainCell(text: string, from: number, delimiter: string): Cell {
  let end = from;
  while (end < text.length && text[end] !== delimiter && text[end] !== '\n' && text[end] !== '\r')
    end += 1;
  return { cell: text.slice(from, end), end };
}
