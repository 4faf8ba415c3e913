import { constants, createReadStream, type Stats } from 'node:fs';
import { access, lstat, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { nameProblem } from '#core/dataset-name.ts';
import { RECIPE_FILE } from '#core/keys.ts';
import { escapeForTerminal } from '#local/escape-for-terminal.ts';
import { TEACHERS } from '#teachers/catalogue.ts';
import { CliError, EXIT } from './cli-error.ts';
import { composeRecipe } from './compose-recipe.ts';
import { listFiles, pathProblem } from './list-files.ts';
import { readRecipe } from './read-recipe.ts';
import type { GivenFlag } from './recipe-flags.ts';
import { zipFiles } from './zip-files.ts';

/** A dataset on this machine, ready to be uploaded. */
export interface Dataset {
  name: string;
  /** The text of its recipe; a folder without one has the default recipe, a zip the one in the bucket. */
  recipe: string | undefined;
  source: 'folder' | 'zip';
  open: () => Readable; // the bytes of a zip
}

export interface OpenOptions {
  name?: string | undefined;
  recipe?: string | undefined; // a file, instead of the folder's `dataset.json`
  flags?: readonly GivenFlag[]; // override the recipe
  onNotice?: (sentence: string) => void; // called with a sentence for the user
}

/**
 * Opens a folder with one folder of images per class, or a zip of that, and checks its recipe.
 *
 * @throws CliError not found; usage; rejected, with everything that cannot be read or all faults of the recipe
 */
export async function openDataset(path: string, options: OpenOptions): Promise<Dataset> {
  const whole = resolve(path);
  const found = await statOf(path);
  const isFolder = found.isDirectory();
  if (!isFolder && !(found.isFile() && extname(whole).toLowerCase() === '.zip')) {
    const sentence = `${path} is neither a folder nor a .zip file; give a folder with one folder of images per class.`;
    throw new CliError(EXIT.usage, sentence);
  }
  const name = options.name ?? basename(whole).replace(/\.zip$/i, '');
  const refusal = nameProblem(name);
  if (refusal !== undefined) {
    const sentence = `"${escapeForTerminal(name)}" cannot be the name of a dataset: ${refusal}. Choose another with --name.`;
    throw new CliError(EXIT.usage, sentence);
  }
  const recipe = await recipeOf(isFolder ? path : undefined, options); // listing a folder may take longer
  if (!isFolder) {
    await access(whole, constants.R_OK).catch((error: unknown) => {
      throw new CliError(EXIT.usage, pathProblem(path, error), { cause: error });
    });
    return { name, recipe, source: 'zip', open: () => createReadStream(whole) };
  }

  const listing = await listFiles(whole);
  if (listing.problems.length > 0) {
    const lines = listing.problems.map((problem) => `  ${escapeForTerminal(problem)}`);
    const sentence = [`${path} cannot be uploaded:`, ...lines].join('\n');
    throw new CliError(EXIT.rejected, sentence);
  }
  const files = listing.files.filter((file) => file !== RECIPE_FILE); // uploaded beside the archive
  if (files.length === 0) {
    const sentence = `${path} is empty; put one folder of images per class into it.`;
    throw new CliError(EXIT.rejected, sentence);
  }
  return { name, recipe, source: 'folder', open: () => zipFiles(whole, files) };
}

async function statOf(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    const isThere = await lstat(path).then(
      () => true,
      () => false,
    );
    if (isThere) throw new CliError(EXIT.usage, pathProblem(path, error), { cause: error });
    throw new CliError(EXIT.notFound, `There is no file or folder ${path}.`, { cause: error });
  }
}

/** The text of the recipe: from the file that the user names, else from the dataset's folder, with the flags. */
async function recipeOf(
  folder: string | undefined,
  { recipe: named, flags = [], onNotice = () => undefined }: OpenOptions,
): Promise<string | undefined> {
  const own = folder === undefined ? undefined : await ownRecipe(folder);
  const path = named ?? own;
  if (named !== undefined && own !== undefined && resolve(named) !== resolve(own))
    onNotice(`Using ${named} instead of ${own}.`);
  const file = path === undefined ? undefined : { path, text: await readRecipe(path) };
  const { text, notice } = composeRecipe({ file, flags }, TEACHERS);
  if (notice !== undefined) onNotice(notice);
  return text;
}

/** The path of the recipe in a dataset's folder. One that cannot be read is left to the listing, which says why. */
async function ownRecipe(folder: string): Promise<string | undefined> {
  const path = join(folder, RECIPE_FILE);
  const isReadable = await Promise.all([stat(path), access(path, constants.R_OK)]).then(
    ([found]) => found.isFile(),
    () => false,
  );
  return isReadable ? path : undefined;
}
