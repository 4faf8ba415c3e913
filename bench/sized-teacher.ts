import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#core/identity.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import { DEFAULT_TEACHER, teacherNamed } from '#teachers/catalogue.ts';
import { ENTRY_FILE, importTeacher } from '#teachers/import-teacher.ts';
import { withInputSize } from '#training-image/features/input-size.ts';
import { BenchError } from './bench-error.ts';

export interface SizedTeacher {
  entry: TeacherEntry;
  folder: string;
}

/**
 * Writes a teacher for images of another size, as if it had been trained on them: for programs other than ours.
 *
 * @param px height and width of its images
 * @param work the folder to write it to
 */
export async function sizedTeacher(
  px: number,
  work: string,
  say: (line: string) => void,
  name = DEFAULT_TEACHER,
): Promise<SizedTeacher> {
  const original = teacherNamed(name);
  if (!original) throw new BenchError(`There is no teacher "${name}".`);
  const from = await importTeacher(original, { report: say });
  const model: unknown = JSON.parse(await readFile(join(from, 'model.json'), 'utf8'));
  const contents = new Map([
    ['model.json', Buffer.from(JSON.stringify(withInputSize(model, px)))],
    ['weights.bin', await readFile(join(from, 'weights.bin'))],
  ]);
  const files = original.files.map(({ name }) => {
    const content = contents.get(name) ?? Buffer.alloc(0);
    return { name, bytes: content.length, sha256: sha256(content) };
  });
  const entry = { ...original, input: { ...original.input, px }, files };
  const folder = join(work, `${original.name}-${px}`);
  await mkdir(folder, { recursive: true });
  for (const [name, content] of contents) await writeFile(join(folder, name), content);
  await writeFile(join(folder, ENTRY_FILE), JSON.stringify(entry));
  return { entry, folder };
}
