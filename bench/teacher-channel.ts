import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { teachersFor } from '#core/recipe.ts';
import { TEACHERS } from '#teachers/catalogue.ts';
import { importTeacher } from '#teachers/import-teacher.ts';
import { BenchError } from './bench-error.ts';
import type { SizedTeacher } from './sized-teacher.ts';

/**
 * The teachers that a recipe allows, as a job's teacher channel holds them: the files of a named one, or a folder for each.
 *
 * @param teacher a name, or "auto" for all of them
 * @param work the folder for copies
 * @returns the entry of the first one, and the folder
 */
export async function teacherChannel(
  teacher: string,
  work: string,
  say: (line: string) => void,
): Promise<SizedTeacher> {
  const entries = teachersFor({ teacher }, TEACHERS);
  const [entry] = entries;
  if (!entry) throw new BenchError(`There is no teacher "${teacher}".`);
  if (entries.length === 1) return { entry, folder: await importTeacher(entry, { report: say }) };
  const folder = join(work, 'teachers');
  for (const each of entries) {
    await cp(await importTeacher(each, { report: say }), join(folder, each.name), {
      recursive: true,
    });
  }
  return { entry, folder };
}
