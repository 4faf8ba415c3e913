import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, open, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StudentCard } from '#core/card.ts';
import { SAVED_MODEL_FOLDER } from './save-model.ts';
import type { CardBeforeFiles } from './student-card.ts';
import { studentReadme } from './student-readme.ts';

export const CARD_FILE = 'student.json';

const RESIZE_FILE = 'resize.mjs';
const RESIZE = fileURLToPath(new URL(`../data/${RESIZE_FILE}`, import.meta.url));

/** Puts beside a saved model what its users need; the card, which names the digests of all files, last. */
export async function saveStudent(folder: string, card: CardBeforeFiles): Promise<void> {
  await writeFile(join(folder, 'labels.txt'), labelsOf(card.classes));
  await copyFile(RESIZE, join(folder, RESIZE_FILE));
  const hasSavedModel = (await readdir(folder)).includes(SAVED_MODEL_FOLDER);
  await writeFile(join(folder, 'README.md'), studentReadme(card, hasSavedModel));

  const files: StudentCard['files'] = [];
  for (const path of await filesBelow(folder)) {
    const whole = join(folder, path);
    files.push({ path, bytes: (await stat(whole)).size, sha256: await digestOf(whole) });
  }
  const text = JSON.stringify(StudentCard.parse({ ...card, files }), null, 2);
  const unfinished = join(folder, `.${CARD_FILE}.tmp`);
  const handle = await open(unfinished, 'w');
  await handle.writeFile(`${text}\n`);
  await handle.sync();
  await handle.close();
  await rename(unfinished, join(folder, CARD_FILE)); // half a card would look like a student
}

/** One line a class, whatever its folder is called. */
const labelsOf = (classes: readonly string[]): string =>
  classes.map((name) => `${name.replaceAll(/[\r\n]/g, ' ')}\n`).join('');

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
