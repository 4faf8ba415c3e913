import { type Problem, problem } from '#core/problem.ts';
import type { DatasetFile } from '../dataset-files.ts';
import { THRESHOLDS } from '../thresholds.ts';
import { readCvat } from './cvat.ts';
import { parseDelimited } from './decode-text.ts';
import type { FindListed } from './find-listed.ts';
import { stemOf } from './find-listed.ts';
import { readJsonList } from './json-list.ts';
import { judgeRows } from './judge-rows.ts';
import { type ListedRow, readTable, type TableReading } from './read-table.ts';
import type { ListText, Reading } from './reading.ts';
import { otherTaskProblem } from './refusals.ts';

/** A list that names images, with what it is called. */
export interface List {
  file: DatasetFile;
  kind: string;
  format: string;
  rows: ListedRow[];
}

/**
 * Labels from lists of files: CSV, JSON Lines, manifests and exports of labelling tools.
 *
 * @returns `undefined` if no text is a list of the images
 */
export function readLists(
  texts: readonly ListText[],
  images: readonly DatasetFile[],
  find: FindListed,
): Reading | undefined {
  const lists: List[] = [];
  const unclear: Problem[] = [];
  const tasks: Problem[] = [];
  const names = classNames(texts);
  for (const { file, text } of texts) {
    if (/sample.?_?submission/i.test(file.path) || names?.file === file) continue;
    const read = readList(file, text, find);
    if (read === undefined) continue;
    if ('unclear' in read) unclear.push(columnsProblem(file.path, read.unclear));
    else if ('task' in read) tasks.push(otherTaskProblem(read.task, file.path));
    else lists.push({ file, ...read });
  }
  const useful = lists.filter(({ rows }) => rows.some(({ labels }) => labels.length > 0));
  if (useful.length > 0) return judgeRows(withNames(useful, names?.lines), images);
  if (tasks.length + unclear.length === 0) return undefined;
  return {
    format: 'list',
    sentence: 'a list that gives no class to an image',
    ...{ labelled: [], used: [], leftOut: [], warnings: [] },
    problems: tasks.length > 0 ? tasks : unclear,
  };
}

type Read =
  | Exclude<TableReading, undefined | { rows: ListedRow[] }>
  | Omit<List, 'file'>
  | undefined;

function readList(file: DatasetFile, text: string, find: FindListed): Read {
  const isJson = /\.(json|jsonl|ndjson|manifest|labels)$/i.test(file.path) || /^\s*[{[]/.test(text);
  const isXml = /\.xml$/i.test(file.path);
  if (isJson || isXml) {
    const json = isXml ? readCvat(text) : readJsonList(text);
    if (json === undefined || 'task' in json) return json;
    const table = readTable(json.rows, file, find, true);
    return table && 'rows' in table ? { ...named(file, json), rows: table.rows } : table;
  }
  if (/\.(ya?ml|names|data)$/i.test(file.path)) return undefined;
  const rows = parseDelimited(text, /\.(txt|lst)$/i.test(file.path) ? /\s+/ : undefined);
  const table = readTable(rows, file, find);
  return table && 'rows' in table
    ? { ...named(file, { kind: 'a list of files and labels', format: 'csv' }), rows: table.rows }
    : table;
}

/** Well-known names of lists. */
function named({ path }: DatasetFile, known: { kind: string; format: string }) {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/^metadata\.(csv|jsonl)$/i.test(name))
    return { kind: "Hugging Face's metadata", format: 'hugging-face' };
  if (name === '_classes.csv')
    return { kind: "Roboflow's _classes.csv", format: 'roboflow-classes' };
  if (/\.lst$/i.test(name)) return { kind: 'an .lst file of SageMaker or MXNet', format: 'lst' };
  return { kind: known.kind, format: known.format };
}

/** The names of numbered classes: `classes.txt`, `labels.txt` and the like, one a line. */
export function classNames(texts: readonly ListText[]) {
  const found = texts.find(({ file }) =>
    /(^|\/)(classes|labels|class_names|label_names|synsets|categories|obj\.names|labelmap)(\.txt|\.names)?$/i.test(
      file.path,
    ),
  );
  const lines = found?.text
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return found &&
    lines?.every((line) => !/\.(jpe?g|png|gif|webp|bmp|tiff?|avif|hei[cf])\b/i.test(line))
    ? { file: found.file, lines }
    : undefined;
}

/** Lists with a number for each class get its name, where a file has one for each. */
export function withNames(lists: readonly List[], names: readonly string[] | undefined): List[] {
  if (!names) return [...lists];
  const labels = lists.flatMap(({ rows }) => rows.flatMap((row) => row.labels));
  const fit = labels.every((label) => /^\d+$/.test(label) && Number(label) < names.length);
  if (!fit) return [...lists];
  const nameOf = (label: string) => names[Number(label)] ?? label;
  return lists.map((list) => ({
    ...list,
    rows: list.rows.map((row) => ({ ...row, labels: row.labels.map(nameOf) })),
  }));
}

const columnsProblem = (path: string, unclear: string): Problem =>
  problem(
    'LIST_COLUMNS',
    path,
    `The list names images, but not which column is the label: ${unclear}.`,
    'Name the columns "file" and "label" (and "split", if there is one), or remove the list.',
  );

/** Annotations beside images, of which a few are read: boxes, outlines. */
export function sidecarTask(texts: readonly ListText[]): 'detection' | 'segmentation' | undefined {
  for (const { file, text } of texts) {
    if (/\.xml$/i.test(file.path) && /<object>|<bndbox>/.test(text)) return 'detection';
    if (/\.json$/i.test(file.path) && /"shapes"\s*:/.test(text)) return 'segmentation';
    const lines = text.trim().split(/\r?\n/);
    const areNumbers = lines.every((line) => /^\d+(\s+-?[\d.eE-]+){4,}$/.test(line.trim()));
    if (/\.txt$/i.test(file.path) && areNumbers) {
      return lines.every((line) => line.trim().split(/\s+/).length <= 6)
        ? 'detection'
        : 'segmentation';
    }
  }
  return undefined;
}

/** Texts that are about one image each, and those that may be lists. */
export function partTexts(texts: readonly DatasetFile[], images: readonly DatasetFile[]) {
  const stems = new Set((texts.length > 0 ? images : []).map(({ path }) => stemOf(path)));
  const sidecars: DatasetFile[] = [];
  const lists: DatasetFile[] = [];
  for (const file of texts) {
    const mayBe = /\.(txt|xml|json|cls)$/i.test(file.path) && stems.has(stemOf(file.path));
    (mayBe ? sidecars : lists).push(file);
  }
  const { maxLists, maxListBytes } = THRESHOLDS;
  const inOrder = lists.sort((a, b) => a.path.split('/').length - b.path.split('/').length);
  const read: DatasetFile[] = [];
  const tooLarge: DatasetFile[] = [];
  let bytes = 0;
  for (const file of inOrder.slice(0, maxLists)) {
    const fits = bytes + file.size <= maxListBytes;
    if (fits) bytes += file.size;
    (fits ? read : tooLarge).push(file);
  }
  return { sidecars, lists: read, tooLarge };
}
