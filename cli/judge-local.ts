import { open, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { RECIPE_FILE } from '#core/keys.ts';
import { type Problem, problem } from '#core/problem.ts';
import {
  type DatasetFile,
  type DatasetFiles,
  HEAD_BYTES,
} from '#lambdas/validate-dataset/dataset-files.ts';
import {
  type JudgedDataset,
  judgeDataset,
  reportOf,
} from '#lambdas/validate-dataset/judge-dataset.ts';
import { TEACHERS } from '#teachers/catalogue.ts';
import { readAt } from '#training-image/storage/read-at.ts';
import { expectedCost } from './expected-cost.ts';
import { listFiles } from './list-files.ts';
import { withLocalArchive } from './local-archive.ts';

/** What is printed of a dataset that is judged without a pipeline. */
export type LocalReport = ReturnType<typeof localReport>;

export const localReport = (path: string, judged: JudgedDataset) => ({
  ...reportOf(path, judged),
  cost: expectedCost(judged.recipe, judged.read.examples.length),
});

/**
 * Judges a folder or an archive on this machine as the pipeline judges an upload of it.
 *
 * @param recipe its text, if it is not the one in the archive
 */
export async function judgeLocal(path: string, recipe: string | undefined): Promise<LocalReport> {
  const whole = resolve(path);
  const judge = async (files: DatasetFiles) =>
    localReport(path, await judgeDataset(files, { text: recipe, path }, { teachers: TEACHERS }));
  const isFolder = (await stat(whole)).isDirectory();
  return isFolder ? judge(await listLocal(whole)) : withLocalArchive(whole, judge);
}

/** The files of a folder as its zip would have them. */
async function listLocal(folder: string): Promise<DatasetFiles> {
  const { files, empty, leftOut, problems } = await listFiles(folder);
  const listed = files.filter((file) => file !== RECIPE_FILE);
  const sizes: number[] = [];
  for (const file of listed) sizes.push((await stat(join(folder, file))).size);
  const inside = listed.map(
    (file, i): DatasetFile => ({
      path: asEntry(file),
      size: sizes[i] ?? 0,
      record: {},
      head: (bytes = HEAD_BYTES) => readFrom(join(folder, file), 0, bytes),
      tail: (bytes) => readFrom(join(folder, file), Math.max(0, (sizes[i] ?? 0) - bytes), bytes),
    }),
  );
  // Not looked into, but counted: a folder of a system or tool as one.
  const junk = leftOut.map(
    (each): DatasetFile => ({ path: asEntry(each), size: 0, record: {}, head: NOTHING }),
  );
  const unreadable = problems.map(({ path, what, remedy }) =>
    problem('FILE_UNREADABLE', path, `It ${what}.`, `${upperFirst(remedy)}.`),
  );
  return {
    files: [...inside, ...junk],
    folders: empty.map((each) => `${asEntry(each)}/`),
    problems: [...unreadable, ...sameNames(inside)],
  };
}

/** As the zip would have it. */
const asEntry = (path: string): string => path.split(sep).join('/').normalize('NFC');
const NOTHING = async () => new Uint8Array();
const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Two files whose names a disk tells apart by the bytes of an "é", but no zip and no reader does. */
function sameNames(files: readonly DatasetFile[]): Problem[] {
  const seen = new Set<string>();
  const twins = new Set<string>();
  for (const { path } of files) {
    if (seen.has(path)) twins.add(path);
    seen.add(path);
  }
  const what = 'There are two files of this name, with the same letters in different bytes.';
  return [...twins].map((path) =>
    problem('ENTRY_TWICE', path, what, 'Rename or remove one of them.'),
  );
}

async function readFrom(path: string, start: number, bytes: number): Promise<Uint8Array> {
  const handle = await open(path);
  try {
    return await readAt(handle, start, bytes);
  } finally {
    await handle.close();
  }
}
