import { setImmediate as nextTurn } from 'node:timers/promises';
import { junkRule } from '#core/junk.ts';
import { type Problem, problem } from '#core/problem.ts';
import { type DatasetFile, type DatasetFiles, HEAD_BYTES } from './dataset-files.ts';
import { decodeText } from './formats/decode-text.ts';
import { episodesIn } from './formats/episodes.ts';
import { findListed } from './formats/find-listed.ts';
import { readFolders } from './formats/folders.ts';
import { classNames, partTexts, readLists, sidecarTask } from './formats/lists.ts';
import { areMasks } from './formats/masks.ts';
import type { LeftOutFile, ListText, Reading } from './formats/reading.ts';
import { containerProblems, otherTaskProblem } from './formats/refusals.ts';
import { NOT_AN_IMAGE, type SortedFiles, sortFiles } from './formats/sort-files.ts';
import { giveLabels, labelFiles, readWebdataset } from './formats/webdataset.ts';
import { type JudgedClasses, judgeClasses } from './judge-classes.ts';
import { THRESHOLDS } from './thresholds.ts';

/** What an upload was taken for: every file is an example, a list that was used, or left out by a rule. */
export interface ReadDataset extends JudgedClasses {
  format: string;
  sentence: string; // what it was taken for, without a full stop
  used: string[]; // paths of the lists that gave the labels
  leftOut: LeftOutFile[];
}

/**
 * Tries the formats from the most explicit source of labels to the least: lists of files, then folders, then file names.
 *
 * @param mayRead false for an archive that may be hostile: nothing in it is read
 */
export async function readDataset(
  { files, folders = [] }: Pick<DatasetFiles, 'files' | 'folders'>,
  mayRead = true,
): Promise<ReadDataset> {
  const sorted = sortFiles(files);
  await nextTurn();
  const reading = await readSorted(sorted, mayRead);
  await nextTurn();
  const judged = judgeClasses(reading.labelled);
  const leftOut = [...sorted.leftOut, ...reading.leftOut];
  return {
    ...judged,
    format: reading.format,
    sentence: reading.sentence,
    used: reading.used.map(({ path }) => path),
    leftOut,
    problems: [
      ...archivesInside(sorted.archives),
      ...reading.problems,
      ...(isRefusedWhole(reading) ? [] : judged.problems),
    ],
    warnings: [...reading.warnings, ...emptyClasses(judged, folders, leftOut), ...judged.warnings],
  };
}

async function readSorted(sorted: SortedFiles, mayRead: boolean): Promise<Reading> {
  const { images, texts, containers } = sorted;
  const episodes = await episodesIn(containers, { mayRead, hasImages: images.length > 0 });
  if (episodes) {
    const refusal = otherTaskProblem('reinforcement-learning', episodes.path);
    return { ...readFolders([]), problems: [refusal] };
  }
  if (images.length === 0 && containers.length > 0) {
    return { ...readFolders([]), problems: containerProblems(containers) };
  }
  const { sidecars, lists, tooLarge } = partTexts(texts, images);
  const listed = mayRead ? await readTexts(lists) : [];
  const beside = mayRead ? await readTexts(sidecars.slice(0, SIDECARS), HEAD_BYTES) : [];
  const fromLists = listed.length > 0 ? readLists(listed, images, findListed(images)) : undefined;
  const fromFolders = readFolders(images);
  const chosen = choose(fromLists, fromFolders, images.length);
  const labels = mayRead ? labelFiles(sidecars, images.length) : undefined;
  const isBeside =
    labels !== undefined &&
    (labels.ending === '.cls' || chosen.problems.length > 0) &&
    giveLabels(await readTexts(labels.files.slice(0, SIDECARS), HEAD_BYTES));
  const reading = isBeside
    ? readWebdataset(labels.ending, await readMany(labels.files), images, classNames(listed)?.lines)
    : chosen;
  const besideTask = sidecars.length * 2 >= images.length ? sidecarTask(beside) : undefined;
  const task = besideTask ?? (areMasks(reading.labelled) ? 'segmentation' : undefined);

  const known = new Set([...reading.used, ...reading.leftOut.map(({ file }) => file)]);
  const unused = [...texts, ...containers].filter((file) => !known.has(file));
  const large = tooLarge.map(({ path }) => listTooLarge(path));
  return {
    ...reading,
    leftOut: [...reading.leftOut, ...unused.map((file) => ({ file, rule: NOT_AN_IMAGE }))],
    problems: task
      ? [otherTaskProblem(task, beside[0]?.file.path ?? 'the dataset')]
      : reading.problems,
    warnings: [...reading.warnings, ...large],
  };
}

const SIDECARS = 5; // enough to see what they are

async function readTexts(
  files: readonly DatasetFile[],
  most = Number.POSITIVE_INFINITY,
): Promise<ListText[]> {
  const texts: ListText[] = [];
  for (const file of files) {
    texts.push({ file, text: decodeText(await file.head(Math.min(most, file.size))) });
    await nextTurn();
  }
  return texts;
}

const CONCURRENT_READS = 32; // S3 serves thousands, a small Lambda tens

/** The first bytes of many small texts, in their order. */
async function readMany(files: readonly DatasetFile[]): Promise<ListText[]> {
  const texts: ListText[] = [];
  let next = 0;
  async function work(): Promise<void> {
    for (let at = next++; at < files.length; at = next++) {
      const file = files[at];
      if (file) texts[at] = { file, text: decodeText(await file.head(HEAD_BYTES)) };
      if (at % TEXTS_PER_TURN === 0) await nextTurn();
    }
  }
  try {
    await Promise.all(Array.from({ length: CONCURRENT_READS }, work));
  } finally {
    next = files.length; // after a failure, the other readers end too
  }
  return texts;
}
const TEXTS_PER_TURN = 200; // other requests are answered in between

/** Lists are the most explicit; one about a few images only does not outweigh folders that name the class of all. */
function choose(lists: Reading | undefined, folders: Reading, images: number): Reading {
  if (!lists) return folders;
  const areClear =
    folders.problems.length === 0 && new Set(folders.labelled.map(({ label }) => label)).size > 1;
  if (!areClear || lists.labelled.length * 2 >= images) return lists;
  const where = lists.used.map(({ path }) => path).join(', ') || (lists.problems[0]?.where ?? '');
  const what = 'The list does not give a class to most images, so the folders do.';
  const told = problem('LIST_NOT_USED', where, what, 'Complete it, or remove it.');
  const isOtherTask = lists.problems.some(({ code }) => code.startsWith('TASK_'));
  return isOtherTask ? lists : { ...folders, warnings: [...folders.warnings, told] };
}

function listTooLarge(path: string): Problem {
  const what = `The text is larger than ${THRESHOLDS.maxListBytes / 1024 ** 2} MiB, and was not read.`;
  return problem('LIST_TOO_LARGE', path, what, 'Divide it, if it is a list of labels.');
}

/** Without an example, and with the reason: that there are no classes is not worth saying. */
const isRefusedWhole = ({ problems, labelled }: Reading): boolean =>
  problems.length > 0 &&
  (labelled.length === 0 || problems.some(({ code }) => code.startsWith('TASK_'))) &&
  !problems.every(({ code }) => code === 'NO_CLASS');

function archivesInside(archives: readonly DatasetFile[]): Problem[] {
  const [first] = archives;
  const areAll = (ending: RegExp) =>
    archives.length > 1 && archives.every(({ path }) => ending.test(path));
  if (first && areAll(/\.(tar|tgz|tar\.gz|tzst|tar\.zst)$/i)) {
    const what = `The dataset is divided into ${archives.length} tars, as the shards of a webdataset are; archives inside a dataset are not opened.`;
    const remedy =
      'Join them into one ("cat *.tar > NAME.tar", if they are not compressed) and upload that, or unpack them into the folders "train" and "val".';
    return [problem('ARCHIVE_INSIDE', first.path, what, remedy)];
  }
  if (first && areAll(/\.zip$/i)) {
    const what = `The dataset has ${archives.length} zips, such as Teachable Machine gives one for each class; archives inside a dataset are not opened.`;
    const remedy =
      'Unpack each into a folder with the name of its class, and upload those folders.';
    return [problem('ARCHIVE_INSIDE', first.path, what, remedy)];
  }
  return archives.map(({ path }) => {
    const what = 'Archives inside a dataset are not opened.';
    return problem('ARCHIVE_INSIDE', path, what, 'Unpack it into class folders, or remove it.');
  });
}

/** Folders beside those of the classes in which there is no image. */
function emptyClasses(
  { classes, examples }: JudgedClasses,
  folders: readonly string[],
  leftOut: readonly LeftOutFile[],
): Problem[] {
  const parents = new Set<string>(); // of the class folders
  const full = new Set<string>();
  const names = new Set(classes.map(({ name }) => name));
  const meant = folders.filter((folder) => junkRule(`${folder}/x`) === undefined);
  const candidates = new Set(meant.map((folder) => folder.replace(/\/$/, '')));
  for (const { file } of leftOut) {
    if (junkRule(file.path) === undefined) candidates.add(folderOf(file.path));
  }
  if (candidates.size === 0) return [];
  for (const folder of new Set(examples.map(({ file }) => folderOf(file.path)))) {
    const parts = folder.split('/');
    const at = parts.findLastIndex((part) => names.has(part));
    if (at < 0) continue;
    parents.add(parts.slice(0, at).join('/'));
    for (let depth = 1; depth <= parts.length; depth++) full.add(parts.slice(0, depth).join('/'));
  }
  return [...candidates]
    .filter((folder) => {
      return folder !== '' && !full.has(folder) && parents.has(folderOf(folder));
    })
    .map((folder) => {
      const what = 'The folder has no image; it is no class.';
      return problem('EMPTY_CLASS', folder, what, 'Put images into it, or remove it.');
    });
}

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
