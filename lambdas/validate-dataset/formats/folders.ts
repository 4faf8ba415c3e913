import { type Problem, problem } from '#core/problem.ts';
import type { DatasetFile } from '../dataset-files.ts';
import type { Part, Placed, Reading } from './arrangement.ts';
import { labelsInNames } from './labels-in-names.ts';
import { type Role, roleOf } from './part-names.ts';

/** A file with the names of its folders below the root of the dataset. */
interface Located {
  file: DatasetFile;
  folders: string[];
  name: string;
}

export const UNLABELLED_RULE = 'images without a class';
export const UNTRAINED_RULE = 'images of classes that are not in the training part';

/**
 * Reads the classes from folders and names: class folders, a division into train and test around or inside them, or
 * the class at the beginning of each name. Folders that wrap the whole dataset are skipped.
 */
export function readFolders(images: readonly DatasetFile[]): Reading {
  const located = belowRoot(images.map(locate));
  return (
    dividedAtTop(located) ?? dividedInClasses(located) ?? inNames(located) ?? classFolders(located)
  );
}

function locate(file: DatasetFile): Located {
  const folders = file.path.split('/');
  const name = folders.pop() ?? '';
  return { file, folders, name };
}

/** Without the folders that all files are in; the last one is kept if the files lie directly in it. */
function belowRoot(files: readonly Located[]): Located[] {
  let depth = 0;
  for (; ; depth++) {
    const [first] = files;
    const top = first?.folders[depth];
    const isWrapper =
      top !== undefined &&
      files.every(({ folders }) => folders[depth] === top && folders.length > depth + 1);
    if (!isWrapper) break;
  }
  return files.map((each) => ({ ...each, folders: each.folders.slice(depth) }));
}

/** `train/cat/1.jpg` and `test/cat/2.jpg`. */
function dividedAtTop(files: readonly Located[]): Reading | undefined {
  const tops = new Map<string, Located[]>();
  for (const each of files) {
    const [top] = each.folders;
    if (top === undefined) return undefined;
    const inTop = tops.get(top);
    if (inTop) inTop.push(each);
    else tops.set(top, [each]);
  }
  const parts: { top: string; role: Role; labelled: Labelled[] }[] = [];
  for (const [top, inTop] of tops) {
    const role = roleOf(top);
    if (role === undefined) return undefined;
    const inside = inTop.map((each) => ({ ...each, folders: each.folders.slice(1) }));
    parts.push({ top, role, labelled: labelledOf(inside) });
  }
  const train = parts.filter(({ role }) => role === 'train');
  if (train.length === 0) return undefined;
  const known = new Set(
    train.flatMap(({ labelled }) => labelled.map(({ className }) => className)),
  );
  known.delete(undefined);
  const tested = parts.filter(({ role }) => role === 'validation' || role === 'test');
  const shares = (part: (typeof parts)[number]) =>
    part.labelled.some(({ className }) => known.has(className)) ||
    part.labelled.every(({ className }) => className === undefined);
  if (known.size > 0 && !tested.every(shares)) return undefined; // the folders are classes that are called so

  const placed: Placed[] = [];
  const leftOut: Reading['leftOut'] = [];
  for (const { role, labelled } of parts) {
    for (const { file, className } of labelled) {
      if (role === 'unlabelled' || className === undefined)
        leftOut.push({ path: file.path, rule: UNLABELLED_RULE });
      else if (!known.has(className)) leftOut.push({ path: file.path, rule: UNTRAINED_RULE });
      else placed.push({ file, className, split: role });
    }
  }
  const names = listed(parts.map(({ top }) => top));
  const used = new Set(placed.map(({ split }) => split));
  const isDivided = used.size > 1;
  return {
    format: 'split-folders',
    taken: isDivided
      ? `a dataset divided by its folders (${names})`
      : `a training folder beside others without classes (${names})`,
    placed: isDivided ? placed : placed.map(({ file, className }) => ({ file, className })),
    leftOut,
    problems: known.size === 0 ? [withoutClasses(names)] : [],
    warnings: absentClasses(placed, known, used),
  };
}

type Labelled = { file: DatasetFile; className: string | undefined };

/** By class folders, wrapped or not, or else by the classes in the names. */
function labelledOf(files: readonly Located[]): Labelled[] {
  const inside = belowRoot(files);
  const isClass = isFlat(files) ? isClassName(inside[0]?.folders[0]) : true;
  if (isClass && inside.every(({ folders }) => folders.length > 0))
    return inside.map(({ file, folders }) => ({ file, className: folders[0] }));
  const labels = labelsInNames(files.map(({ name }) => name));
  return files.map(({ file }, i) => ({ file, className: labels?.[i] }));
}

/** Whether the only folder of a part is a class, and does not just repeat that it is a part, or holds images. */
const isClassName = (folder: string | undefined): boolean =>
  folder !== undefined &&
  roleOf(folder) === undefined &&
  !/^(images?|imgs?|data|all|jpe?g(images)?|pics|pictures|photos)$/i.test(folder);

/** Whether all files are in one and the same folder. */
const isFlat = (files: readonly Located[]): boolean =>
  new Set(files.map(({ folders }) => folders.join('/'))).size === 1;

function withoutClasses(names: string): Problem {
  const what = `The folders (${names}) look like a division into training and test images, but the images in them have no classes.`;
  const remedy =
    'Put a folder for each class into each of them, or all class folders at the top: then the split is made for you.';
  return problem('SPLIT_FOLDERS', 'the dataset', what, remedy);
}

function absentClasses(
  placed: readonly Placed[],
  known: ReadonlySet<string | undefined>,
  used: ReadonlySet<Part | undefined>,
): Problem[] {
  if (!used.has('test')) return [];
  const tested = new Set(
    placed.flatMap(({ split, className }) => (split === 'test' ? className : [])),
  );
  const absent = [...known].flatMap((name) => (name === undefined || tested.has(name) ? [] : name));
  if (absent.length === 0) return [];
  const what = `The test part has no images of ${listed(absent.sort().map((name) => `"${name}"`))}: nothing will be known about how well the student recognises them.`;
  return [problem('CLASS_UNTESTED', 'the test part', what, 'Add test images of each class.')];
}

/** `cat/train/1.jpg` and `cat/test/2.jpg`. */
function dividedInClasses(files: readonly Located[]): Reading | undefined {
  const placed: Placed[] = [];
  const leftOut: Reading['leftOut'] = [];
  const trained = new Set<string>();
  for (const { file, folders } of files) {
    const [className, part] = folders;
    const role = part === undefined ? undefined : roleOf(part);
    if (className === undefined || role === undefined) return undefined;
    if (role === 'unlabelled') leftOut.push({ path: file.path, rule: UNLABELLED_RULE });
    else placed.push({ file, className, split: role });
    if (role === 'train') trained.add(className);
  }
  const classes = new Set(placed.map(({ className }) => className));
  const isDivided = new Set(placed.map(({ split }) => split)).size > 1;
  if (!isDivided || trained.size < classes.size) return undefined;
  const taken = 'class folders, each divided into train and test';
  return { format: 'split-in-classes', taken, placed, leftOut };
}

/** `cat.0.jpg` and `dog.0.jpg` in one folder. */
function inNames(files: readonly Located[]): Reading | undefined {
  if (!isFlat(files)) return undefined;
  const labels = labelsInNames(files.map(({ name }) => name));
  if (!labels) return undefined;
  const placed = files.map(({ file }, i) => ({ file, className: labels[i] ?? '' }));
  const first = files[0]?.name ?? '';
  const taken = `images with their class at the beginning of their names ("${labels[0]}" of ${first})`;
  return { format: 'names', taken, placed, leftOut: [] };
}

/** `cat/1.jpg`; deeper folders belong to the class above. */
function classFolders(files: readonly Located[]): Reading {
  const placed: Placed[] = [];
  const problems: Problem[] = [];
  for (const { file, folders } of files) {
    const [className] = folders;
    if (className !== undefined) {
      placed.push({ file, className });
      continue;
    }
    const what = 'The file is not in a class folder.';
    const remedy = 'Move it into the folder of its class, or remove it.';
    problems.push(problem('NO_CLASS', file.path, what, remedy));
  }
  return { format: 'class-folders', taken: 'class folders', placed, leftOut: [], problems };
}

function listed(names: readonly string[]): string {
  const first = names.slice(0, 5);
  return names.length > 5 ? `${first.join(', ')} and ${names.length - 5} more` : first.join(', ');
}
