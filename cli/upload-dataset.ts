import { createReadStream, type Stats } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { Upload } from '@aws-sdk/lib-storage';
import yazl from 'yazl';
import { archiveSeal, jobIdOf, recipeHash } from '#core/identity.ts';
import { archiveUpload, RECIPE_FILE } from '#core/keys.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Pipeline } from './connect.ts';

/** What of this machine is uploaded, and under which name. */
export interface Dataset {
  name: string;
  /** `dataset.json` as its owner wrote it. */
  recipe: string | undefined;
  open: () => Readable; // a zip
}

/**
 * A folder of class folders, or a zip of them, as a dataset.
 *
 * @throws CliError not found, usage
 */
export async function datasetAt(
  path: string,
  options: { name?: string | undefined; recipe?: string | undefined },
): Promise<Dataset> {
  const whole = resolve(path);
  const found: Stats | undefined = await stat(whole).catch(() => undefined);
  if (!found) throw new CliError(EXIT.notFound, `There is no file or folder ${path}.`);
  if (!found.isDirectory() && extname(whole).toLowerCase() !== '.zip') {
    throw new CliError(
      EXIT.usage,
      `${path} is neither a folder nor a .zip; give a folder with one folder a class.`,
    );
  }
  const name = options.name ?? basename(whole).replace(/\.zip$/i, '');
  if (!/^[^/\p{Cc}]+$/u.test(name) || name.startsWith('.')) {
    throw new CliError(
      EXIT.usage,
      `"${name}" cannot name a dataset: no slash, no leading dot; choose one with --name.`,
    );
  }
  const recipe = await recipeText(
    options.recipe ?? (found.isDirectory() ? join(whole, RECIPE_FILE) : undefined),
    options.recipe !== undefined,
  );
  if (!found.isDirectory()) return { name, recipe, open: () => createReadStream(whole) };
  const files = await filesBelow(whole);
  if (files.length === 0)
    throw new CliError(EXIT.usage, `${path} is empty; put one folder a class into it.`);
  return { name, recipe, open: () => zipOf(whole, files) };
}

async function recipeText(
  file: string | undefined,
  isDemanded: boolean,
): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (!isDemanded) return undefined;
    throw new CliError(EXIT.notFound, `The recipe ${file} cannot be read.`, { cause: error });
  }
}

/** Every file below a folder, sorted, without what operating systems leave behind; links are followed, but never twice. */
async function filesBelow(folder: string): Promise<string[]> {
  const seen = new Set<string>();
  async function below(relative: string): Promise<string[]> {
    const real = await realpath(join(folder, relative));
    if (seen.has(real)) return [];
    seen.add(real);
    const files: string[] = [];
    for (const name of (await readdir(real)).sort()) {
      if (name.startsWith('.') || /^(Thumbs\.db|desktop\.ini)$/i.test(name)) continue;
      const path = join(relative, name);
      if (path === RECIPE_FILE) continue; // uploaded beside the archive
      if ((await stat(join(folder, path))).isDirectory()) files.push(...(await below(path)));
      else files.push(path);
    }
    return files;
  }
  return below('');
}

/** The same files give the same bytes, whenever they were touched: the same folder is the same job. */
function zipOf(folder: string, files: readonly string[]): Readable {
  const zip = new yazl.ZipFile();
  const mtime = new Date('1980-01-01T00:00:00Z');
  for (const file of files) {
    const entry = file.split(/[\\/]/).join('/');
    zip.addFile(join(folder, file), entry, { mtime, mode: 0o100644, compress: false }); // images are compressed already
  }
  zip.end();
  return zip.outputStream.pipe(new PassThrough());
}

/**
 * Uploads a dataset as any S3 client would: the recipe first, then the archive, which seals it.
 *
 * @param report told of the bytes that have gone over
 * @returns the id of its job, by the same rule as the validator's
 */
export async function uploadDataset(
  { s3, bucket, objects }: Pipeline,
  { name, recipe, open }: Dataset,
  report: (bytes: number) => void = () => undefined,
): Promise<string> {
  const { key, recipeKey } = archiveUpload(`${name}.zip`);
  if (recipe !== undefined) await objects.write(recipeKey, recipe, 'application/json');
  const present = recipe ?? (await objects.readText(recipeKey));

  const upload = new Upload({ client: s3, params: { Bucket: bucket, Key: key, Body: open() } });
  upload.on('httpUploadProgress', ({ loaded = 0 }) => report(loaded));
  await upload.done();

  const head = await objects.head(key);
  if (!head)
    throw new CliError(EXIT.internal, `${key} was removed while it was uploaded; upload it again.`);
  return jobIdOf({
    bucket,
    dataset: key,
    seal: archiveSeal(head),
    recipeHash: recipeHash(present),
  });
}
