import { MAX_RECIPE_BYTES } from '#lambdas/validate-dataset/identify-upload.ts';
import { recipePathIn } from '#lambdas/validate-dataset/recipe-in-archive.ts';
import { withLocalArchive } from './local-archive.ts';

export interface RecipeInArchive {
  path: string; // inside the archive
  text: string;
}

/**
 * The recipe in an archive, which the validation will find too. `undefined` if there is none, or none that can be read:
 * what is wrong with an archive is said by the validation.
 */
export async function recipeInArchive(archive: string): Promise<RecipeInArchive | undefined> {
  try {
    return await withLocalArchive(archive, async ({ files, problems }) => {
      if (problems.some(({ code }) => code.startsWith('ARCHIVE_'))) return undefined;
      const path = recipePathIn(files.map((file) => file.path));
      const found = path === undefined ? undefined : files.find((file) => file.path === path);
      if (!found || found.size > MAX_RECIPE_BYTES) return undefined;
      const bytes = await found.head(MAX_RECIPE_BYTES);
      return { path: found.path, text: Buffer.from(bytes).toString('utf8') };
    });
  } catch {
    return undefined;
  }
}
