import { type Problem, problem } from '#core/problem.ts';
import type { DatasetFile } from '../dataset-files.ts';
import { THRESHOLDS } from '../thresholds.ts';
import { labelsInNames } from './file-names.ts';
import type { Labelled, Reading } from './reading.ts';
import { isPartAlone, type Part, partOf } from './split-names.ts';

/** A file with what its path has left below the folders that were taken off it. */
interface Below {
  file: DatasetFile;
  parts: readonly string[];
}

/**
 * Labels by folders: `ROOT/<class>/…`, `ROOT/<split>/<class>/…` or `ROOT/<class>/<split>/…`; without class folders, by the
 * names of the files. Folders that wrap the whole dataset are skipped.
 */
export function readFolders(images: readonly DatasetFile[]): Reading {
  const all = withoutRoot(images.map((file) => ({ file, parts: file.path.split('/') })));
  const loose = all.filter(({ parts }) => parts.length === 1);
  const tops = groupByTop(all);
  const isFlat =
    tops.size === 0 || (tops.size === 1 && all.every(({ parts }) => parts.length === 2));
  if (tops.size === 0 || (isFlat && labelsInNames(images))) return readFlat(images);

  const reading = readSplit(tops) ?? readSplitInside(tops) ?? readClasses(tops);
  return { ...reading, problems: [...loose.map(({ file }) => noClass(file)), ...reading.problems] };
}

const noClass = ({ path }: DatasetFile): Problem =>
  problem(
    'NO_CLASS',
    path,
    'The file is not in a class folder.',
    'Move it into the folder of its class, or remove it.',
  );

/** A level counts as a wrapper if it is one folder without files beside it, and not the folder of the images. */
function withoutRoot(all: readonly Below[]): Below[] {
  let depth = 0;
  for (; ; depth++) {
    const tops = new Set(all.map(({ parts }) => parts[depth]));
    if (tops.size !== 1 || all.some(({ parts }) => parts.length <= depth + 2)) break;
  }
  return all.map(({ file, parts }) => ({ file, parts: parts.slice(depth) }));
}

function groupByTop(all: readonly Below[]): Map<string, Below[]> {
  const tops = new Map<string, Below[]>();
  for (const { file, parts } of all) {
    const [top = '', ...rest] = parts;
    if (rest.length === 0) continue;
    const known = tops.get(top);
    const below = { file, parts: rest };
    if (known) known.push(below);
    else tops.set(top, [below]);
  }
  return tops;
}

const empty = (format: string, sentence: string): Reading => ({
  format,
  sentence,
  labelled: [],
  used: [],
  leftOut: [],
  problems: [],
  warnings: [],
});

/** All images in one folder: their names must say the class. */
function readFlat(files: readonly DatasetFile[]): Reading {
  const labels = labelsInNames(files);
  if (labels) {
    const labelled = files.map((file, i) => ({ file, label: labels[i] ?? '' }));
    return { ...empty('file-names', IN_NAMES), labelled };
  }
  return { ...empty('class-folders', CLASS_FOLDERS), problems: files.map(noClass) };
}

const CLASS_FOLDERS = 'one folder of images per class';
const IN_NAMES = 'images with the class in their file names, such as "cat.0.jpg"';

function readClasses(tops: ReadonlyMap<string, Below[]>): Reading {
  const reading = empty('class-folders', CLASS_FOLDERS);
  for (const [label, below] of tops) {
    for (const { file } of below) reading.labelled.push({ file, label });
  }
  return { ...reading, warnings: sameInside(tops) };
}

/** The same folders in each top folder: which of the two levels are the classes? */
function sameInside(tops: ReadonlyMap<string, Below[]>): Problem[] {
  const [first, ...others] = [...tops].slice(0, THRESHOLDS.maxClasses);
  if (!first || others.length === 0) return [];
  const inside = classesIn(first[1]);
  const isSame = inside.size > 1 && others.every(([, below]) => areAlike(inside, classesIn(below)));
  if (!isSame) return [];
  const what = `Each class folder has the same folders inside (${listed([...inside])}); the outer ones were taken for the classes.`;
  const remedy = `If the inner ones are the classes, name the outer ones "train", "validation" and "test", or take them away.`;
  return [problem('SAME_FOLDERS_INSIDE', listed([...tops.keys()]), what, remedy)];
}

/** The folders directly in a folder; folders that wrap all of it do not count. */
const classesIn = (below: readonly Below[]): Set<string> =>
  new Set(groupByTop(withoutRoot(below)).keys());

function areAlike(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const inBoth = sharedBy(a, b);
  return inBoth > 0 && inBoth >= THRESHOLDS.sameClasses * Math.min(a.size, b.size);
}

const sharedBy = (a: ReadonlySet<string>, b: ReadonlySet<string>): number =>
  [...b].filter((name) => a.has(name)).length;

const listed = (names: readonly string[]): string =>
  names.length > 4 ? `${names.slice(0, 4).join(', ')}, …` : names.join(', ');

interface TopFolder {
  name: string;
  part: Part | undefined;
  below: Below[]; // without folders that wrap all of it
  classes: Set<string>;
}

/** `train`, `validation`, `test` at the top, under any usual names; `undefined` if the top folders are no split. */
function readSplit(tops: ReadonlyMap<string, Below[]>): Reading | undefined {
  if (![...tops.keys()].some((name) => partOf(name) === 'train')) return withoutTrain(tops);
  const folders: TopFolder[] = [...tops].map(([name, inside]) => {
    const below = withoutInnerPart(withoutRoot(inside));
    return { name, part: partOf(name), below, classes: new Set(groupByTop(below).keys()) };
  });
  const trains = folders.filter(({ part }) => part === 'train');
  const classes = new Set(trains.flatMap((folder) => [...folder.classes]));
  const alike = folders.filter((folder) => areAlike(classes, folder.classes));
  const areAllParts = folders.every(({ part }) => part !== undefined);
  const agree = alike.filter(({ part }) => part !== undefined);
  const twins = folders.filter((folder) => sharedBy(classes, folder.classes) > 1);
  if (!areAllParts && agree.length < 2 && twins.length < 2) return undefined;
  if (areAllParts && agree.length < 2 && !folders.every(({ name }) => isPartAlone(name))) {
    // "train station" beside "test tube" are classes, unless they look like parts.
    if (classes.size === 0 && !labelsInNames(trains.flatMap(filesOf))) return undefined;
  }
  if (classes.size === 0) return readFlatSplit(folders);

  const sentence = `folders of a given split (${listed(agree.map(({ name }) => name))}) with one folder of images per class in each`;
  const reading = empty('split-folders', sentence);
  for (const folder of folders) addFolder(reading, folder, alike.includes(folder));
  return withoutLoneSplit(reading);
}

/** Archives of Kaggle repeat the name of a part: `test1/test1/1.jpg`. */
function withoutInnerPart(below: readonly Below[]): Below[] {
  const [only = '', ...others] = groupByTop(below).keys();
  const isRepeated = others.length === 0 && partOf(only) !== undefined;
  const isWhole = isRepeated && below.every(({ parts }) => parts.length > 1);
  return below.map(({ file, parts }) => ({ file, parts: isWhole ? parts.slice(1) : parts }));
}

const filesOf = ({ below }: TopFolder): DatasetFile[] => below.map(({ file }) => file);

function addFolder(reading: Reading, folder: TopFolder, isAlike: boolean): void {
  const { name, part, below, classes } = folder;
  if (part === undefined && isAlike) {
    const what = `The folder "${name}" has the same class folders as the training part, but its name says neither train, validation nor test.`;
    const remedy = `Rename it to "train", "validation" or "test", or remove it.`;
    reading.problems.push(problem('SPLIT_UNCLEAR', name, what, remedy));
  } else if (part === undefined) {
    leaveOut(reading, folder, `in "${name}", which is no part of the given split`);
  } else if (part === 'predict' || classes.size === 0) {
    if (part === 'train') reading.problems = reading.problems.concat(filesOf(folder).map(noClass));
    else leaveOut(reading, folder, `to be predicted (in "${name}")`);
  } else {
    for (const { file, parts } of below) {
      const [label = ''] = parts;
      if (parts.length > 1) reading.labelled.push({ file, label, split: part });
      else reading.problems.push(noClass(file));
    }
  }
}

function leaveOut(reading: Reading, { name, below }: TopFolder, rule: string): void {
  for (const { file } of below) reading.leftOut.push({ file, rule });
  const what = `The folder is left out, with ${below.length} images: it has no classes, or is no part of the split.`;
  reading.warnings.push(
    problem('FOLDER_LEFT_OUT', name, what, 'Put class folders into it if it should be used.'),
  );
}

/** Parts without class folders: the class is in the names of the files, or nowhere. */
function readFlatSplit(folders: readonly TopFolder[]): Reading {
  const trains = folders.filter(({ part }) => part === 'train');
  const labels = labelsInNames(trains.flatMap(filesOf));
  const reading = empty('file-names', IN_NAMES);
  if (!labels) {
    const names = folders.map(({ name }) => name);
    const what = `The top folders (${listed(names)}) are a train/test split without class folders, and the file names have no labels.`;
    const remedy =
      'Put one folder per class into each of them, or add a CSV file with the columns "file" and "label".';
    const unlabelled = problem('SPLIT_FOLDERS', 'the dataset', what, remedy);
    return { ...empty('split-folders', 'folders of a given split'), problems: [unlabelled] };
  }
  const known = new Set(labels);
  for (const folder of folders) {
    const own = labelsInNames(filesOf(folder));
    const { part, name } = folder;
    if (own && part !== undefined && part !== 'predict' && areAlike(known, new Set(own))) {
      folder.below.forEach(({ file }, i) => {
        reading.labelled.push({ file, label: own[i] ?? '', split: part });
      });
    } else {
      leaveOut(reading, folder, `to be predicted (in "${name}")`);
    }
  }
  return withoutLoneSplit(reading);
}

/** A training part alone is no split: the rest is held out by the trainer. */
function withoutLoneSplit(reading: Reading): Reading {
  if (reading.labelled.some(({ split }) => split !== 'train')) return reading;
  const labelled = reading.labelled.map(({ file, label }): Labelled => ({ file, label }));
  const sentence = `${reading.sentence}; there is only a training part, so the split is made for you`;
  return { ...reading, sentence, labelled };
}

/** Folders called validation and test only, with the same classes inside. */
function withoutTrain(tops: ReadonlyMap<string, Below[]>): Reading | undefined {
  const names = [...tops.keys()];
  const areParts = names.length > 1 && names.every((name) => partOf(name) && isPartAlone(name));
  if (!areParts) return undefined;
  const what = `The top folders (${listed(names)}) are parts of a split, but none of them is the training part.`;
  const remedy = 'Add the folder "train", or put the class folders at the top.';
  const refusal = problem('SPLIT_WITHOUT_TRAIN', 'the dataset', what, remedy);
  return { ...empty('split-folders', 'folders of a given split'), problems: [refusal] };
}

/** `cat/train/…`, `cat/test/…`: the split is inside each class. */
function readSplitInside(tops: ReadonlyMap<string, Below[]>): Reading | undefined {
  const isDivided = (below: readonly Below[]) => {
    const names = new Set(below.map(({ parts }) => (parts.length > 1 ? parts[0] : '')));
    const parts = [...names].map((name) => (name ? partOf(name) : undefined));
    return parts.length > 1 && parts.includes('train') && parts.every((part) => part !== undefined);
  };
  const divided = [...tops].filter(([, below]) => isDivided(below));
  if (divided.length === 0 || divided.length * 2 < tops.size) return undefined;
  const reading = empty('split-inside-classes', 'class folders with a given split inside each');
  for (const [label, below] of tops) {
    for (const { file, parts } of below) {
      const split = parts.length > 1 ? partOf(parts[0] ?? '') : undefined;
      if (split === 'predict')
        reading.leftOut.push({ file, rule: `to be predicted ("${parts[0]}")` });
      else reading.labelled.push({ file, label, split });
    }
    if (isDivided(below)) continue;
    const what = `The class folder "${label}" is not divided like the others into train, validation and test.`;
    const remedy =
      'Divide it too, or take the folders train, validation and test out of all classes.';
    reading.problems.push(problem('SPLIT_UNCLEAR', label, what, remedy));
  }
  return reading;
}
