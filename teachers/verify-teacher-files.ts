import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { differenceOf, type TeacherEntry, type TeacherFile } from '#core/teacher.ts';

/**
 * Whether a folder holds a teacher's files as the catalogue has them, to the last bit.
 *
 * @returns a sentence for each file that differs, beginning with its name; none if all is right
 */
export async function verifyTeacherFiles(
  folder: string,
  { files }: Pick<TeacherEntry, 'files'>,
): Promise<string[]> {
  const differences = await Promise.all(files.map((file) => fileDifference(folder, file)));
  return differences.filter((difference) => difference !== undefined);
}

async function fileDifference(folder: string, file: TeacherFile): Promise<string | undefined> {
  const handle = await open(join(folder, file.name)).catch(() => undefined);
  if (!handle) return `${file.name} is missing.`;
  try {
    const { size } = await handle.stat(); // before reading: a wrong file may be of any size
    if (size !== file.bytes) return `${file.name} has ${size} bytes instead of ${file.bytes}.`;
    const difference = differenceOf(file, await handle.readFile());
    return difference && `${file.name} ${difference}.`;
  } finally {
    await handle.close();
  }
}
