import { constants, createReadStream, type Stats } from 'node:fs';
import { access, lstat, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { nameProblem } from '#core/dataset-name.ts';
import { isArchiveName, nameOfArchive, RECIPE_FILE } from '#core/keys.ts';
import { count } from '#core/quantities.ts';
import { escapeForTerminal } from '#local/escape-for-terminal.ts';
import { TEACHERS } from '#teachers/catalogue.ts';
import { CliError, EXIT } from './cli-error.ts';
import { composeRecipe } from './compose-recipe.ts';
import { type FolderListing, inOneSentence, listFiles, pathProblem } from './list-files.ts';
import { readRecipe } from './read-recipe.ts';
import type { GivenFlag } from './recipe-flags.ts';
import { recipeInArchive } from './recipe-in-archive.ts';
import { zipFiles } from './zip-files.ts';

/** A dataset on this machine, ready to be uploaded. */
export interface Dataset {
  name: string;
  /** The text of the recipe to upload beside it; `undefined` for its own, or else the default recipe. */
  recipe: string | undefined;
  /** The text of the recipe in the archive, which counts if none is uploaded. */
  ownRecipe?: string | undefined;
  /** The end of the archive's name, such as `.tar.gz`; `.zip`, if left out. */
  ending?: string;
  open: () => Readable; // the bytes of the archive
}

export interface OpenOptions {
  name?: string | undefined;
  recipe?: string | undefined; // a file, instead of the folder's `dataset.json`
  flags?: readonly GivenFlag[]; // override the recipe
  onNotice?: (sentence: string) => void; // called with a sentence for the user
  /** Opens it for its recipe: whoever judges the files finds what cannot be read himself. */
  forRecipe?: boolean;
}

/**
 * Opens a folder with one folder of images per class, or an archive of that, and checks its recipe.
 *
 * @throws CliError not found; usage; rejected, with everything that cannot be read or all faults of the recipe
 */
export async function openDataset(path: string, options: OpenOptions): Promise<Dataset> {
  const whole = resolve(path);
  const found = await statOf(path);
  const isFolder = found.isDirectory();
  if (!isFolder && !(found.isFile() && isArchiveName(basename(whole)))) {
    const sentence = `${path} is neither a folder nor a .zip, .tar or .tar.gz file; give a folder with one folder of images per class.`;
    throw new CliError(EXIT.usage, sentence);
  }
  const ownName = isFolder ? basename(whole) : nameOfArchive(basename(whole));
  const name = options.name ?? ownName;
  const refusal = nameProblem(name);
  if (refusal !== undefined) {
    const sentence = `"${escapeForTerminal(name)}" cannot be the name of a dataset: ${refusal}. Choose another with --name.`;
    throw new CliError(EXIT.usage, sentence);
  }
  if (!isFolder) {
    await access(whole, constants.R_OK).catch((error: unknown) => {
      throw new CliError(EXIT.usage, pathProblem(path, error), { cause: error });
    });
    const inside = await recipeInArchive(whole);
    const own = inside && { path: `${inside.path} in ${path}`, text: inside.text };
    const recipe = await recipeOf(own, options);
    const isOwn = recipe !== undefined && recipe === own?.text;
    return {
      name,
      recipe: isOwn ? undefined : recipe,
      ownRecipe: own?.text,
      ending: basename(whole).slice(ownName.length).toLowerCase(),
      open: () => createReadStream(whole),
    };
  }

  const recipe = await recipeOf(await recipeIn(path), options); // listing a folder may take longer

  if (options.forRecipe) return { name, recipe, open: () => zipFiles(whole, []) };
  const listing = await listFiles(whole);
  if (listing.problems.length > 0) {
    const lines = listing.problems.map((each) => `  ${escapeForTerminal(inOneSentence(each))}`);
    const sentence = [`${path} cannot be uploaded:`, ...lines].join('\n');
    throw new CliError(EXIT.rejected, sentence);
  }
  tellLeftOut(listing, options.onNotice);
  const files = listing.files.filter((file) => file !== RECIPE_FILE); // uploaded beside the archive
  if (files.length === 0) {
    const sentence = `${path} is empty; put one folder of images per class into it.`;
    throw new CliError(EXIT.rejected, sentence);
  }
  return { name, recipe, open: () => zipFiles(whole, files) };
}

function tellLeftOut({ leftOut, empty }: FolderListing, tell: OpenOptions['onNotice']): void {
  const some = (paths: readonly string[]) =>
    `${paths.slice(0, 3).map(escapeForTerminal).join(', ')}${paths.length > 3 ? ', …' : ''}`;
  if (leftOut.length > 0) {
    const what = `${count(leftOut.length)} left behind by an operating system or a tool`;
    tell?.(`Not uploaded: ${what} (${some(leftOut)}).`);
  }
  if (empty.length > 0) tell?.(`Without a file, and so no class: ${some(empty)}.`);
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

/** A recipe, and where it is, as the user knows it. */
export interface RecipeFile {
  path: string;
  text: string;
}

/** The text of the recipe: from the file that the user names, else the dataset's own, with the flags. */
export async function recipeOf(
  own: RecipeFile | undefined,
  { recipe: named, flags = [], onNotice = () => undefined }: OpenOptions,
): Promise<string | undefined> {
  if (named !== undefined && own !== undefined && resolve(named) !== resolve(own.path))
    onNotice(`Using ${named} instead of ${own.path}.`);
  const file = named === undefined ? own : { path: named, text: await readRecipe(named) };
  const { text, notice } = composeRecipe({ file, flags }, TEACHERS);
  if (notice !== undefined) onNotice(notice);
  return text;
}

/** The recipe in a dataset's folder. One that cannot be read is left to the listing, which says why. */
async function recipeIn(folder: string): Promise<RecipeFile | undefined> {
  const path = join(folder, RECIPE_FILE);
  const isReadable = await Promise.all([stat(path), access(path, constants.R_OK)]).then(
    ([found]) => found.isFile(),
    () => false,
  );
  return isReadable ? { path, text: await readRecipe(path) } : undefined;
}
