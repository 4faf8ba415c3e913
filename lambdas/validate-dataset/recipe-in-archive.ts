import { junkRule } from '#core/junk.ts';
import { RECIPE_FILE } from '#core/keys.ts';

/**
 * The path of the recipe in an archive: `dataset.json` beside the class folders, however many folders wrap them all;
 * `undefined` if there is none. One inside a class folder is no recipe.
 */
export function recipePathIn(paths: readonly string[]): string | undefined {
  const own = paths.filter((path) => junkRule(path) === undefined);
  let outermost: string | undefined;
  for (const path of own) {
    const isRecipe = path === RECIPE_FILE || path.endsWith(`/${RECIPE_FILE}`);
    if (isRecipe && path.length < (outermost?.length ?? Infinity)) outermost = path;
  }
  const folder = outermost?.slice(0, -RECIPE_FILE.length);
  return folder !== undefined && own.every((path) => path.startsWith(folder))
    ? outermost
    : undefined;
}
