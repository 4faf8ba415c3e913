import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs';
import { StudentCard } from '#core/card.ts';
import { saveModel } from './save-model.ts';
import { studentReadme } from './student-readme.ts';

export const CARD_FILE = 'student.json';

/** Writes all files of a student into an emptied folder; its card, which names their digests, last. */
export async function saveStudent(
  folder: string,
  student: LayersModel,
  card: Omit<StudentCard, 'files'>,
  check: (modelFolder: string) => Promise<void>,
): Promise<void> {
  await empty(folder);
  await saveModel(student, join(folder, 'model'));
  await check(join(folder, 'model'));
  await writeFile(join(folder, 'labels.txt'), `${card.classes.join('\n')}\n`);
  await writeFile(join(folder, 'README.md'), studentReadme(card));

  const files: StudentCard['files'] = [];
  for (const path of await filesBelow(folder)) {
    const whole = join(folder, path);
    files.push({ path, bytes: (await stat(whole)).size, sha256: await digestOf(whole) });
  }
  const text = JSON.stringify(StudentCard.parse({ ...card, files }), null, 2);
  const handle = await open(join(folder, CARD_FILE), 'w');
  await handle.writeFile(`${text}\n`);
  await handle.sync();
  await handle.close();
}

/** The folder itself stays: in the container it is a mount. */
async function empty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}
