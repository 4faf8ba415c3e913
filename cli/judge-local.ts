import { open, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { RECIPE_FILE } from '#core/keys.ts';
import type { DatasetFiles } from '#lambdas/validate-dataset/dataset-files.ts';
import { judgeDataset, reportOf } from '#lambdas/validate-dataset/judge-dataset.ts';
import { TEACHERS } from '#teachers/catalogue.ts';
import { listFiles } from './list-files.ts';
import { readPart, withLocalArchive } from './local-archive.ts';

export type LocalReport = ReturnType<typeof reportOf>;

/**
 * Judges a folder or an archive on this machine as the pipeline judges an upload of it.
 *
 * @param recipe its text, if it is not the one in the archive
 */
export async function judgeLocal(path: string, recipe: string | undefined): Promise<LocalReport> {
  const whole = resolve(path);
  const judge = async (files: DatasetFiles) =>
    reportOf(path, await judgeDataset(files, { text: recipe, path }, { teachers: TEACHERS }));
  const isFolder = (await stat(whole)).isDirectory();
  return isFolder ? judge(await listLocal(whole)) : withLocalArchive(whole, judge);
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
