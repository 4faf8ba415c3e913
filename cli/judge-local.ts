import { type FileHandle, open, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { RECIPE_FILE } from '#core/keys.ts';
import type { DatasetFiles } from '#lambdas/validate-dataset/dataset-files.ts';
import {
  type JudgedDataset,
  judgeDataset,
  reportOf,
} from '#lambdas/validate-dataset/judge-dataset.ts';
import { listArchive } from '#lambdas/validate-dataset/list-archive.ts';
import { TEACHERS } from '#teachers/catalogue.ts';
import { expectedCost } from './expected-cost.ts';
import { listFiles } from './list-files.ts';

/** What is printed of a dataset that is judged without a pipeline. */
export type LocalReport = ReturnType<typeof localReport>;

export const localReport = (path: string, judged: JudgedDataset) => ({
  ...reportOf(path, judged),
  cost: expectedCost(judged.recipe, judged.read.examples.length),
});

/**
 * Judges a folder or zip on this machine as the pipeline judges an upload of it.
 *
 * @param recipe its text, if it is not the one in the zip
 */
export async function judgeLocal(path: string, recipe: string | undefined): Promise<LocalReport> {
  const whole = resolve(path);
  const judge = async (files: DatasetFiles) =>
    localReport(path, await judgeDataset(files, { text: recipe, path }, { teachers: TEACHERS }));
  const { size, isFolder } = await stat(whole).then((found) => ({
    size: found.size,
    isFolder: found.isDirectory(),
  }));
  if (isFolder) return judge(await listLocal(whole));
  const file = await open(whole);
  try {
    const readRange = (_: string, start: number, end: number) => readPart(file, start, end);
    const archive = { key: path, size, etag: '', etagIsMd5: false };
    return await judge(await listArchive({ readRange }, archive));
  } finally {
    await file.close();
  }
}

/** The files of a folder as its zip would have them. */
async function listLocal(folder: string): Promise<DatasetFiles> {
  const { files, empty } = await listFiles(folder);
  const listed = files.filter((file) => file !== RECIPE_FILE);
  const sizes: number[] = [];
  for (const file of listed) sizes.push((await stat(join(folder, file))).size);
  return {
    files: listed.map((file, i) => ({
      path: file.split(sep).join('/').normalize('NFC'),
      size: sizes[i] ?? 0,
      record: {},
      head: async (bytes = sizes[i] ?? 0) => {
        const handle = await open(join(folder, file));
        try {
          return await readPart(handle, 0, Math.min(bytes, sizes[i] ?? 0));
        } finally {
          await handle.close();
        }
      },
    })),
    folders: empty.map((each) => `${each.split(sep).join('/')}/`),
    problems: [],
  };
}

async function readPart(file: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(Math.max(0, end - start));
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, start + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}
