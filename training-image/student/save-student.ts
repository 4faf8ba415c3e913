import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, open, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatCard, StudentCard } from '#core/card.ts';
import { CARD_FILE, PREDICTIONS_FILE, REPORT_FILE, SUSPECTS_FILE } from '#core/keys.ts';
import { predictionsCsv } from '#core/predictions-csv.ts';
import { type NamedExamples, testedImages } from '../evaluate/tested-images.ts';
import type { Examined } from '../report/examine-answers.ts';
import { suspectsCsv } from '../report/suspects.ts';
import { SAVED_MODEL_FOLDER } from './save-model.ts';
import type { CardWithoutFiles } from './student-card.ts';
import { studentReadme } from './student-readme.ts';

const RESIZE_FILE = 'resize.mjs';
const RESIZE = fileURLToPath(new URL(`../data/${RESIZE_FILE}`, import.meta.url));
const programFile = (name: string) => fileURLToPath(new URL(`programs/${name}`, import.meta.url));

/** What the programs in a student's folder import. */
export const PACKAGES = { '@tensorflow/tfjs': '4.22.0', sharp: '0.35.5' };

/**
 * Adds to a saved model what its users need. The card, with the digests of all other files, is written last.
 *
 * @param page the report, as HTML, if there is one
 */
export async function saveStudent(
  folder: string,
  card: CardWithoutFiles,
  named: NamedExamples,
  { answers, suspects }: Pick<Examined, 'answers' | 'suspects'>,
  page: string | undefined,
): Promise<void> {
  if (page !== undefined) await writeFile(join(folder, REPORT_FILE), page);
  await writeFile(join(folder, PREDICTIONS_FILE), predictionsCsv(testedImages(named, answers)));
  await writeFile(join(folder, SUSPECTS_FILE), suspectsCsv(named, suspects));
  await writeFile(join(folder, 'labels.txt'), labelsText(card.classes));
  await copyFile(RESIZE, join(folder, RESIZE_FILE));
  const hasSavedModel = (await readdir(folder)).includes(SAVED_MODEL_FOLDER);
  for (const name of ['predict.mjs', 'index.html', ...(hasSavedModel ? ['predict.py'] : [])]) {
    await copyFile(programFile(name), join(folder, name));
  }
  const packages = { private: true, type: 'module', dependencies: PACKAGES };
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(packages, null, 2)}\n`);
  await writeFile(join(folder, 'README.md'), studentReadme(card, hasSavedModel));

  const files: StudentCard['files'] = [];
  for (const path of await filesBelow(folder)) {
    const file = join(folder, path);
    files.push({ path, bytes: (await stat(file)).size, sha256: await digestOf(file) });
  }
  const unfinished = join(folder, `.${CARD_FILE}.tmp`);
  const handle = await open(unfinished, 'w');
  await handle.writeFile(formatCard(StudentCard.parse({ ...card, files })));
  await handle.sync();
  await handle.close();
  await rename(unfinished, join(folder, CARD_FILE)); // half a card would look like a finished student
}

/** One line per class, even if a folder's name contains line breaks. */
const labelsText = (classes: readonly string[]): string =>
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
