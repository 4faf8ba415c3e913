import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isJunkName } from '#core/junk.ts';
import { RECIPE_FILE } from '#core/keys.ts';
import { type DemoData, DemoDataUnavailable, digits } from '#examples/demo-data.ts';
import { CliError, EXIT } from './cli-error.ts';
import { exampleRecipe } from './example-recipe.ts';
import { explainErrorOf } from './explain-disk-error.ts';
import { pathProblem } from './list-files.ts';

export interface InitialDataset {
  images: number; // written; 0 beside somebody's own files
  classes: string[];
  besides: string; // the names of files that were there
}

/** The classes of the example, and the digits in them. */
const CLASSES = new Map([
  ['0', 'zero'],
  ['1', 'one'],
  ['2', 'two'],
]);
const PER_CLASS = 20; // chosen: enough to be accepted and trained, few enough to look at

const SCHEMA = fileURLToPath(new URL('../docs/recipe.schema.json', import.meta.url));

/**
 * Writes an example dataset and a commented recipe into a folder; only the recipe, if there are files in it. It
 * overwrites nothing.
 *
 * @throws CliError usage, if there is a recipe already, or the folder is a file or cannot be read
 */
export async function initDataset(folder: string): Promise<InitialDataset> {
  const names = await namesIn(folder);
  if (names.includes(RECIPE_FILE)) {
    const others = names.filter((name) => name !== RECIPE_FILE);
    const besides = others.length > 0 ? ` (beside ${some(others)})` : '';
    const sentence = `${folder} has a ${RECIPE_FILE} already${besides}; nothing was written. Give another folder, or rename the file.`;
    throw new CliError(EXIT.usage, sentence);
  }
  const own = names.filter((name) => !isJunkName(name));
  try {
    await mkdir(folder, { recursive: true });
    const images = own.length > 0 ? 0 : await writeImages(folder);
    // The recipe is last: a folder with one is complete.
    const schema = relative(resolve(folder), SCHEMA).split(sep).join('/');
    await writeFile(join(folder, RECIPE_FILE), exampleRecipe(schema), { flag: 'wx' });
    return { images, classes: [...CLASSES.values()], besides: some(own) };
  } catch (error) {
    throw explainErrorOf(folder, error);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    const sentence =
      code === 'ENOTDIR' ? `${folder} is a file; give a folder.` : pathProblem(folder, error);
    throw new CliError(EXIT.usage, sentence, { cause: error });
  }
}

const some = (names: readonly string[]): string =>
  `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;

async function writeImages(folder: string): Promise<number> {
  const written = new Map<string, number>();
  const { examples } = await digits().catch(asCliError);
  for await (const { label, png } of examples) {
    const name = CLASSES.get(label);
    const number = written.get(label) ?? 0;
    if (name === undefined || number === PER_CLASS) continue;
    await mkdir(join(folder, name), { recursive: true });
    const file = join(folder, name, `${String(number + 1).padStart(2, '0')}.png`);
    await writeFile(file, png, { flag: 'wx' });
    written.set(label, number + 1);
    if ([...written.values()].reduce((sum, n) => sum + n, 0) === CLASSES.size * PER_CLASS) break;
  }
  return CLASSES.size * PER_CLASS;
}

const asCliError = (error: unknown): Promise<DemoData> => {
  if (error instanceof DemoDataUnavailable)
    throw new CliError(EXIT.internal, error.message, { cause: error });
  throw error;
};
