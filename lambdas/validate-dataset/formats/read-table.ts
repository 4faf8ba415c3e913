import type { DatasetFile } from '../dataset-files.ts';
import {
  isId,
  isSplitCell,
  labelColumns,
  otherTask,
  pathColumns,
  splitColumn,
  splitInCell,
} from './columns.ts';
import type { FindListed } from './find-listed.ts';
import type { Split } from './reading.ts';

/** One line of a list. */
export interface ListedRow {
  reference: string; // as in the list
  file: DatasetFile | 'ambiguous' | undefined; // undefined: missing
  labels: string[]; // one for what is supported
  split?: Split | undefined;
}

export type TableReading =
  | { rows: ListedRow[] }
  | { task: NonNullable<ReturnType<typeof otherTask>> }
  | { unclear: string } // a sentence on the columns
  | undefined; // no list of images

const MAX_COLUMNS = 3_000; // chosen: twice as many as the most classes; more are pixels
const LOOKED_AT = 100; // columns; chosen: the file's name is one of the first
const SAMPLE = 300; // rows by which the columns are recognised

/** Reads a table with or without a header, with the columns in any order, recognised by names and by contents. */
export function readTable(
  rows: readonly (readonly string[])[],
  list: DatasetFile,
  find: FindListed,
  hasHeader?: boolean,
): TableReading {
  const [first, ...rest] = rows;
  if (!first) return undefined;
  if (first.length > MAX_COLUMNS) return { task: 'pixels' };
  const task = otherTask(first);
  if (task !== undefined) return { task };

  const resolves = (cell: string | undefined) =>
    cell !== undefined && find(cell, list) !== undefined;
  const named = pathColumns(first);
  const sample = (rest.length > 0 ? rest : rows).slice(0, SAMPLE);
  const hits = first
    .slice(0, LOOKED_AT)
    .map((_, i) => sample.filter((row) => resolves(row[i])).length);
  const most = Math.max(...hits);
  const isNamed = named.length > 0 && (labelColumns(first).length > 0 || first.length > 1);
  const ties = hits.flatMap((each, i) => (each === most ? [i] : []));
  const best =
    named.find((i) => ties.includes(i)) ?? ties.find((i) => looksLikeImages(sample, i)) ?? ties[0];
  const path =
    most * 2 >= sample.length
      ? best
      : isNamed && looksLikeImages(rest, named[0])
        ? named[0]
        : undefined;
  if (path === undefined) return undefined;

  const isHeader =
    hasHeader ??
    (!resolves(first[path]) && (named.includes(path) || !/\.[a-z]{3,4}$/i.test(first[path] ?? '')));
  const header = isHeader ? first : undefined;
  const body = isHeader ? rest : rows;
  const columns = header ? headed(header, path, body) : headless(path, body);
  if (typeof columns === 'string') return { unclear: columns };
  return {
    rows: body.map((row) => ({
      reference: row[path] ?? '',
      file: find(row[path] ?? '', list),
      labels: columns.labels(row),
      split:
        columns.split === undefined
          ? undefined
          : splitInCell(row[columns.split] ?? '', header?.[columns.split]),
    })),
  };
}

const looksLikeImages = (rows: readonly (readonly string[])[], column = 0): boolean =>
  rows
    .slice(0, SAMPLE)
    .every((row) => /\.(jpe?g|png|gif|webp|bmp|tiff?|avif|hei[cf])$/i.test(row[column] ?? ''));

interface Columns {
  labels: (row: readonly string[]) => string[];
  split: number | undefined;
}

/** @returns a sentence if no column is the label's */
function headed(
  header: readonly string[],
  path: number,
  rows: readonly (readonly string[])[],
): Columns | string {
  const split = splitColumn(header);
  const others = header.flatMap((name, i) => (i === path || i === split || isId(name) ? [] : [i]));
  const known = labelColumns(header).filter((i) => others.includes(i));
  const inWords = known.find((i) => !rows.slice(0, SAMPLE).every((row) => isNumber(row[i])));
  const label = inWords ?? known[0];
  if (label !== undefined) return { labels: (row) => labelsIn(row[label]), split };
  if (others.length > 1 && rows.every((row) => others.every((i) => isFlag(row[i])))) {
    const labels = (row: readonly string[]) =>
      others.filter((i) => Number(row[i]) === 1).map((i) => header[i]?.trim() ?? '');
    return { labels, split };
  }
  const [only, ...more] = others;
  if (only !== undefined && more.length === 0)
    return { labels: (row) => labelsIn(row[only]), split };
  return `its columns are ${header
    .slice(0, 12)
    .map((name) => `"${name}"`)
    .join(', ')}`;
}

const isNumber = (cell: string | undefined): boolean => /^-?\d+(\.\d+)?$/.test(cell?.trim() ?? '');
const isFlag = (cell: string | undefined): boolean => /^\s*([01](\.0+)?)?\s*$/.test(cell ?? '');

/** Without a header: the part, the path, the label; numbers that only count the rows are skipped. */
function headless(path: number, rows: readonly (readonly string[])[]): Columns | string {
  const width = Math.max(...rows.slice(0, SAMPLE).map(({ length }) => length));
  if (width > LOOKED_AT) return `it has ${width} columns and no header`;
  const others = Array.from({ length: width }, (_, i) => i).filter((i) => i !== path);
  const column = (i: number) => rows.map((row) => row[i] ?? '');
  const split = others.find((i) => others.length > 1 && column(i).every(isSplitCell));
  const rest = others.filter((i) => i !== split);
  const counts = (i: number) => {
    const cells = column(i);
    return cells.every((cell) => /^\d+$/.test(cell)) && new Set(cells).size === cells.length;
  };
  const labels = rest.filter((i) => rest.length === 1 || !counts(i));
  if (labels.length === 0) return 'it has no column beside the file names';
  return { labels: (row) => labels.flatMap((i) => labelsIn(row[i])), split };
}

/** One label, or several in one cell: `A|B`, `["A", "B"]`. */
function labelsIn(cell = ''): string[] {
  const text = cell.trim();
  if (text.startsWith('[') && text.endsWith(']')) {
    const inside = text.slice(1, -1).split(',');
    return inside
      .map((each) => each.trim().replace(/^(["'])(.*)\1$/, '$2'))
      .filter((each) => each !== '');
  }
  return text
    .split('|')
    .map((each) => each.trim().normalize('NFC'))
    .filter((each) => each !== '');
}
