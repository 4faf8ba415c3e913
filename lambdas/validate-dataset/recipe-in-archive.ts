import { RECIPE_FILE } from '#core/keys.ts';

/** What macOS and file managers add around a dataset. */
const ADDED = /^__MACOSX\/|(^|\/)\.[^/]*$/;

/**
 * The path of the recipe in an archive: `dataset.json` beside the class folders, however many folders wrap them all;
 * `undefined` if there is none. One inside a class folder is no recipe.
 */
export function recipePathIn(paths: readonly string[]): string | undefined {
  const own = paths.filter((path) => !ADDED.test(path));
  const recipes = own.filter((path) => path === RECIPE_FILE || path.endsWith(`/${RECIPE_FILE}`));
  return recipes.find((path) => {
    const folder = path.slice(0, -RECIPE_FILE.length);
    return own.every((other) => other.startsWith(folder));
  });
}
