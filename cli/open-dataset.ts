import { constants, createReadStream, type Stats } from 'node:fs';
import { access, lstat, readFile, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { nameProblem } from '#core/dataset-name.ts';
import { RECIPE_FILE } from '#core/keys.ts';
import { escapeForTerminal } from '#local/escape-for-terminal.ts';
import { CliError, EXIT } from './cli-error.ts';
import { listFiles, pathProblem } from './list-files.ts';
import { zipFiles } from './zip-files.ts';

/** A dataset on this machine, ready to be uploaded. */
export interface Dataset {
  name: string;
  /** The text of its `dataset.json`; for a folder without one, the default recipe applies. */
  recipe: string | undefined;
  source: 'folder' | 'zip';
  open: () => Readable; // the bytes of a zip
}

/**
 * Opens a folder with one folder of images per class, or a zip of that.
 *
 * @throws CliError not found; usage, with everything that cannot be read
 */
export async function openDataset(
  path: string,
  options: { name?: string | undefined; recipe?: string | undefined },
): Promise<Dataset> {
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
  const asked = options.recipe === undefined ? undefined : await readRecipe(options.recipe);
  if (!isFolder) {
    await access(whole, constants.R_OK).catch((error: unknown) => {
      throw new CliError(EXIT.usage, pathProblem(path, error), { cause: error });
    });
    return { name, recipe: asked, source: 'zip', open: () => createReadStream(whole) };
  }

  const listing = await listFiles(whole);
  if (listing.problems.length > 0) {
    const lines = listing.problems.map((problem) => `  ${escapeForTerminal(problem)}`);
    const sentence = [`${path} cannot be uploaded:`, ...lines].join('\n');
    throw new CliError(EXIT.usage, sentence);
  }
  const files = listing.files.filter((file) => file !== RECIPE_FILE); // uploaded beside the archive
  if (files.length === 0) {
    const sentence = `${path} is empty; put one folder of images per class into it.`;
    throw new CliError(EXIT.usage, sentence);
  }
  const recipe = listing.files.includes(RECIPE_FILE)
    ? (asked ?? (await readRecipe(join(whole, RECIPE_FILE))))
    : asked;
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

async function readRecipe(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const isAbsent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw isAbsent
      ? new CliError(EXIT.notFound, `There is no recipe ${file}.`, { cause })
      : new CliError(EXIT.usage, `The recipe ${file} cannot be read: ${cause}`, { cause });
  }
}
