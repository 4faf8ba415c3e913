import { isPrintable } from '#core/printable.ts';
import { type Problem, problem } from '#core/problem.ts';
import type { DatasetFile } from '../dataset-files.ts';

export interface ClassFolders {
  classes: { name: string; examples: number }[]; // sorted by code point
  examples: { file: DatasetFile; label: number }[]; // a label is an index into `classes`
  problems: Problem[];
}

const MIN_CLASSES = 2;
/** The card has a confusion matrix, and the evaluation resamples it: both grow with the square of the classes. */
const MAX_CLASSES = 1_000;
/** Chosen: with fewer images, almost nothing could be held out for validation and testing. */
const MIN_EXAMPLES = 5;
/** Files that operating systems and notebooks leave behind. */
const JUNK =
  /(^|\/)(\.[^/]*|__[^/]*|Thumbs\.db|desktop\.ini)(\/|$)|(^|\/)(README|LICEN[CS]E)[^/]*$/i;
const ARCHIVE = /\.(zip|tar|tgz|gz|bz2|xz|7z|rar)$/i;
const SPLIT = /^(train|training|validation|valid|val|dev|test|testing|eval|evaluation)$/i;
const TRAIN = /^train(ing)?$/i;

/** `ROOT/<class>/…/<file>`: the first folder is the class. Folders that wrap the whole dataset are skipped. */
export function readClassFolders(allFiles: readonly DatasetFile[]): ClassFolders {
  const files = allFiles.filter(({ path }) => !JUNK.test(path));
  const { byClass, problems } = groupByClass(files);
  const names = [...byClass.keys()].sort();
  const classes = names.map((name) => ({ name, examples: byClass.get(name)?.length ?? 0 }));

  if (isSplit(names)) {
    const what = `The top folders (${names.join(', ')}) look like a train/test split, not classes.`;
    const remedy = 'Put the class folders at the top; the split is made for you.';
    problems.push(problem('SPLIT_FOLDERS', 'the dataset', what, remedy));
    return { classes, examples: [], problems };
  }

  const examples = names.flatMap((name, label) =>
    (byClass.get(name) ?? []).map((file) => ({ file, label })),
  );
  const all = [
    ...problems,
    ...countProblems(classes),
    ...unusableNames(names),
    ...similarNames(names),
  ];
  return { classes, examples, problems: all };
}

function groupByClass(files: readonly DatasetFile[]) {
  const parts = files.map(({ path }) => path.split('/'));
  const root = depthOfRoot(parts);
  const problems: Problem[] = [];
  const byClass = new Map<string, DatasetFile[]>();

  for (const [i, file] of files.entries()) {
    const { [root]: name = '', length = 0 } = parts[i] ?? [];
    if (ARCHIVE.test(file.path)) {
      const what = 'Archives inside a dataset are not opened.';
      const remedy = 'Unpack it into class folders, or remove it.';
      problems.push(problem('ARCHIVE_INSIDE', file.path, what, remedy));
    } else if (length <= root + 1) {
      const what = 'The file is not in a class folder.';
      const remedy = 'Move it into the folder of its class, or remove it.';
      problems.push(problem('NO_CLASS', file.path, what, remedy));
    } else {
      const ofClass = byClass.get(name) ?? [];
      ofClass.push(file);
      byClass.set(name, ofClass);
    }
  }
  return { byClass, problems };
}

/** The number of folders around the class folders: a level counts if it is one folder without files beside it. */
function depthOfRoot(paths: readonly string[][]): number {
  for (let depth = 0; ; depth++) {
    const tops = new Set(paths.map((path) => path[depth]));
    const onlyFolders = paths.length > 0 && paths.every((path) => path.length > depth + 2);
    if (tops.size !== 1 || !onlyFolders) return depth;
  }
}

const isSplit = (names: readonly string[]): boolean =>
  names.length > 0 &&
  names.every((name) => SPLIT.test(name)) &&
  names.some((name) => TRAIN.test(name));

function countProblems(classes: ClassFolders['classes']): Problem[] {
  const problems: Problem[] = [];
  const [first] = classes;
  if (classes.length < MIN_CLASSES) {
    const what = first
      ? `There is only one class, "${first.name}".`
      : 'There are no class folders.';
    const remedy = 'Make one folder per class, at least two, and put the images into them.';
    problems.push(problem('TOO_FEW_CLASSES', 'the dataset', what, remedy));
  }
  if (classes.length > MAX_CLASSES) {
    const what = `There are ${classes.length} classes; the limit is ${MAX_CLASSES}.`;
    const remedy = `Merge classes, or split the dataset into several of at most ${MAX_CLASSES} classes.`;
    problems.push(problem('TOO_MANY_CLASSES', 'the dataset', what, remedy));
  }
  for (const { name, examples } of classes) {
    if (examples >= MIN_EXAMPLES) continue;
    const what = `The class "${name}" has ${examples} ${examples === 1 ? 'image' : 'images'}; the minimum is ${MIN_EXAMPLES}.`;
    const remedy = 'Add images to the class, or remove its folder.';
    problems.push(problem('TOO_FEW_EXAMPLES', name, what, remedy));
  }
  return problems;
}

/** Class names are lines of `labels.txt`, and cells of tables in terminals and pages. */
function unusableNames(names: readonly string[]): Problem[] {
  return names
    .filter((name) => name.trim() === '' || !isPrintable(name))
    .map((name) => {
      const why = name.trim() === '' ? 'is empty' : 'contains a control character';
      const what = `The name of the class "${name}" ${why}.`;
      return problem('CLASS_NAME', name, what, 'Rename its folder.');
    });
}

function similarNames(names: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  const known = new Map<string, string>(); // by the folded name
  for (const name of names) {
    const folded = name.trim().normalize('NFC').toLowerCase();
    const other = known.get(folded);
    if (other !== undefined) {
      const what = `The classes "${other}" and "${name}" differ only in case or spaces.`;
      const remedy = 'Put their images into one folder, or give them different names.';
      problems.push(problem('CLASSES_ALIKE', name, what, remedy));
    }
    known.set(folded, name);
  }
  return problems;
}
