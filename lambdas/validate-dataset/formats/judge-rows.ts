import { type Problem, problem } from '#core/problem.ts';
import type { DatasetFile } from '../dataset-files.ts';
import { THRESHOLDS } from '../thresholds.ts';
import { stemOf } from './find-listed.ts';
import type { List } from './lists.ts';
import type { ListedRow } from './read-table.ts';
import type { Labelled, LeftOutFile, Reading, Split } from './reading.ts';
import { otherTaskProblem } from './refusals.ts';
import { partOf } from './split-names.ts';

/** The examples of lists: each file once, with one label; what the lists do not name is left out. */
export function judgeRows(lists: readonly List[], images: readonly DatasetFile[]): Reading {
  const [first] = lists;
  const names = lists.map(({ file }) => file.path);
  const where = names.length > 3 ? `${names.slice(0, 3).join(', ')}, …` : names.join(', ');
  const reading: Reading = {
    format: first?.format ?? 'csv',
    sentence: `${first?.kind ?? 'a list'} (${where})`,
    labelled: [],
    used: lists.map(({ file }) => file),
    leftOut: [],
    problems: [],
    warnings: [],
  };
  const rows = lists.flatMap((list) => list.rows.map((row) => ({ row, list: list.file })));
  const task = taskOf(rows.map(({ row }) => row));
  if (task) return { ...reading, problems: [otherTaskProblem(task, where)] };

  const labels = new Map<DatasetFile, Labelled & { list: string }>();
  const unlabelled = new Set<DatasetFile>();
  const conflicts: Problem[] = [];
  let twice = 0;
  for (const { row, list } of rows) {
    const { file, labels: own } = row;
    if (file === undefined || file === 'ambiguous') continue;
    const [label] = own;
    const known = labels.get(file);
    if (label === undefined) unlabelled.add(file);
    else if (known === undefined) {
      labels.set(file, {
        file,
        label,
        split: row.split ?? partIn(list.path, file.path),
        list: list.path,
      });
    } else if (known.label === label) twice += 1;
    else conflicts.push(conflict(file.path, known.label, label, list.path));
  }
  const missing = rows.filter(({ row }) => row.file === undefined).map(({ row }) => row.reference);
  const ambiguous = rows
    .filter(({ row }) => row.file === 'ambiguous')
    .map(({ row }) => row.reference);
  reading.labelled = withWholeSplit([...labels.values()]);
  reading.leftOut = notListed(images, labels, unlabelled);
  reading.problems = conflicts;
  const told = [...missingOf(missing, rows.length, where), ...ambiguousOf(ambiguous, where)];
  for (const { isRefused, ...each } of told)
    (isRefused ? reading.problems : reading.warnings).push(each);
  if (twice > 0) reading.warnings.push(listedTwice(twice, where));
  return reading;
}

function taskOf(rows: readonly ListedRow[]): 'multi-label' | 'regression' | undefined {
  if (rows.some(({ labels }) => labels.length > 1)) return 'multi-label';
  const values = rows.flatMap(({ labels }) => labels);
  const numbers = values.map(Number);
  if (values.length === 0 || numbers.some(Number.isNaN)) return undefined;
  const distinct = new Set(numbers).size;
  const areFractions = numbers.some((value) => !Number.isInteger(value));
  const areRare =
    distinct > THRESHOLDS.maxNumericLabels && distinct * THRESHOLDS.minExamples > values.length;
  return areRare || (areFractions && distinct > 10) ? 'regression' : undefined;
}

/** The part of a split by the folder or name of the list, or else by the folder of the file. */
function partIn(list: string, file: string): Split | undefined {
  const parts = [
    stemOf(list),
    ...list.split('/').slice(0, -1).reverse(),
    ...file.split('/').slice(0, -1),
  ];
  const part = parts.map(partOf).find((each) => each !== undefined);
  return part === 'predict' ? undefined : part;
}

/** All examples have a part, or none: without a second part there is no split. */
function withWholeSplit(labelled: readonly (Labelled & { list: string })[]): Labelled[] {
  const isSplit =
    labelled.some(({ split }) => split === 'train') &&
    labelled.some(({ split }) => split === 'test' || split === 'validation');
  return labelled.map(({ file, label, split }) =>
    isSplit ? { file, label, split: split ?? 'train' } : { file, label },
  );
}

function notListed(
  images: readonly DatasetFile[],
  labels: ReadonlyMap<DatasetFile, unknown>,
  unlabelled: ReadonlySet<DatasetFile>,
): LeftOutFile[] {
  return images
    .filter((file) => !labels.has(file))
    .map((file) => ({
      file,
      rule: unlabelled.has(file) ? 'without a label in the list' : 'not in the list of labels',
    }));
}

function conflict(path: string, one: string, other: string, list: string): Problem {
  const what = `The file is listed as "${one}" and as "${other}".`;
  return problem('LABEL_CONFLICT', path, what, `Keep one of the two lines in ${list}.`);
}

type Told = Problem & { isRefused: boolean };
const some = (names: readonly string[]): string =>
  `${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`;

function missingOf(missing: readonly string[], rows: number, where: string): Told[] {
  if (missing.length === 0) return [];
  const { maxMissing, maxMissingFiles } = THRESHOLDS;
  const isRefused = missing.length > maxMissing * rows || missing.length > maxMissingFiles;
  const what = `${missing.length} of ${rows} listed files are missing: ${some(missing)}.`;
  const remedy = 'Add the files to the upload, or remove their lines.';
  return [{ ...problem('LISTED_FILE_MISSING', where, what, remedy), isRefused }];
}

function ambiguousOf(ambiguous: readonly string[], where: string): Told[] {
  if (ambiguous.length === 0) return [];
  const what = `${ambiguous.length} listed names fit several files: ${some(ambiguous)}.`;
  const remedy = 'Write the folders of the files into the list.';
  return [{ ...problem('LISTED_FILE_AMBIGUOUS', where, what, remedy), isRefused: true }];
}

function listedTwice(twice: number, where: string): Problem {
  const what = `${twice} lines name a file again, with the same label; each file is used once.`;
  return problem('LISTED_TWICE', where, what, 'Remove the repeated lines.');
}
