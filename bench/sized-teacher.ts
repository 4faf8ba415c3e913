import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#core/identity.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import { DEFAULT_TEACHER, teacherNamed } from '#teachers/catalogue.ts';
import { ENTRY_FILE, importTeacher } from '#teachers/import-teacher.ts';
import { BenchError } from './bench-error.ts';

export interface SizedTeacher {
  entry: TeacherEntry;
  folder: string;
}

/**
 * Writes a teacher for images of another size: convolutions and global average pooling accept any.
 *
 * @param size height and width of its images; "auto" is the teacher's own
 * @param work the folder to write it to
 * @param name of the teacher; "auto" is the default one
 */
export async function sizedTeacher(
  size: number | 'auto',
  work: string,
  say: (line: string) => void,
  name = DEFAULT_TEACHER,
): Promise<SizedTeacher> {
  const original = teacherNamed(name === 'auto' ? DEFAULT_TEACHER : name);
  if (!original) throw new BenchError(`There is no teacher "${name}".`);
  const px = size === 'auto' ? original.input.px : size;
  const from = await importTeacher(original, { report: say });
  const model = JSON.parse(await readFile(join(from, 'model.json'), 'utf8'));
  model.modelTopology.model_config.config.layers[0].config.batch_input_shape = [null, px, px, 3];
  const contents = new Map([
    ['model.json', Buffer.from(JSON.stringify(model))],
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
