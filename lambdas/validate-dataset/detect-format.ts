import { setImmediate as nextTurn } from 'node:timers/promises';
import { junkRule } from '#core/junk.ts';
import { type Problem, problem } from '#core/problem.ts';
import type { DatasetFile, DatasetFiles } from './dataset-files.ts';
import { readFolders } from './formats/folders.ts';
import type { LeftOutFile, Reading } from './formats/reading.ts';
import { NOT_AN_IMAGE, type SortedFiles, sortFiles } from './formats/sort-files.ts';
import { type JudgedClasses, judgeClasses } from './judge-classes.ts';

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
    problems: [...archivesInside(sorted.archives), ...reading.problems, ...judged.problems],
    warnings: [...reading.warnings, ...emptyClasses(judged, folders, leftOut), ...judged.warnings],
  };
}

async function readSorted(sorted: SortedFiles, _mayRead: boolean): Promise<Reading> {
  const reading = readFolders(sorted.images);
  const others = [...sorted.texts, ...sorted.containers];
  reading.leftOut.push(...others.map((file) => ({ file, rule: NOT_AN_IMAGE })));
  return reading;
}

const archivesInside = (archives: readonly DatasetFile[]): Problem[] =>
  archives.map(({ path }) =>
    problem(
      'ARCHIVE_INSIDE',
      path,
      'Archives inside a dataset are not opened.',
      'Unpack it into class folders, or remove it.',
    ),
  );

/** Folders beside those of the classes in which there is no image. */
function emptyClasses(
  { classes, examples }: JudgedClasses,
  folders: readonly string[],
  leftOut: readonly LeftOutFile[],
): Problem[] {
  const parents = new Set<string>(); // of the class folders
  const full = new Set<string>();
  const names = new Set(classes.map(({ name }) => name));
  for (const { file } of examples) {
    const parts = file.path.split('/').slice(0, -1);
    const at = parts.findLastIndex((part) => names.has(part));
    if (at < 0) continue;
    parents.add(parts.slice(0, at).join('/'));
    for (let depth = 1; depth <= parts.length; depth++) full.add(parts.slice(0, depth).join('/'));
  }
  const meant = folders.filter((folder) => junkRule(`${folder}/x`) === undefined);
  const candidates = new Set(meant.map((folder) => folder.replace(/\/$/, '')));
  for (const { file } of leftOut) {
    if (junkRule(file.path) !== undefined) continue;
    candidates.add(file.path.slice(0, Math.max(0, file.path.lastIndexOf('/'))));
  }
  return [...candidates]
    .filter((folder) => {
      const slash = folder.lastIndexOf('/');
      return folder !== '' && !full.has(folder) && parents.has(folder.slice(0, Math.max(0, slash)));
    })
    .map((folder) => {
      const what = 'The folder has no image; it is no class.';
      return problem('EMPTY_CLASS', folder, what, 'Put images into it, or remove it.');
    });
}
