import { buffer } from 'node:stream/consumers';
import yauzl, { type Entry } from 'yauzl';
import { entryName } from '#core/entry-name.ts';
import { MAX_RECIPE_BYTES } from '#lambdas/validate-dataset/identify-upload.ts';
import { recipePathIn } from '#lambdas/validate-dataset/recipe-in-archive.ts';

export interface RecipeInZip {
  path: string; // inside the zip
  text: string;
}

/**
 * The recipe in a zip, which the validation will find too. `undefined` if there is none, or none that can be read:
 * what is wrong with a zip is said by the validation.
 */
export async function recipeInZip(file: string): Promise<RecipeInZip | undefined> {
  try {
    const zip = await yauzl.openPromise(file, { lazyEntries: true, autoClose: false });
    try {
      const entries = new Map<string, Entry>();
      const paths: string[] = [];
      for await (const entry of zip.eachEntry()) {
        const { path } = entryName(entry);
        if (path.endsWith('/')) continue;
        paths.push(path);
        if (path.endsWith('.json')) entries.set(path, entry);
      }
      const path = recipePathIn(paths);
      const entry = path === undefined ? undefined : entries.get(path);
      if (path === undefined || !entry || entry.uncompressedSize > MAX_RECIPE_BYTES)
        return undefined;
      const bytes = await buffer(await zip.openReadStreamPromise(entry));
      return { path, text: bytes.toString('utf8') };
    } finally {
      zip.close();
    }
  } catch {
    return undefined;
  }
}
