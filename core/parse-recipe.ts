import { checkRecipe, type TeacherLimits } from './check-recipe.ts';
import { type Problem, problem } from './problem.ts';
import { Recipe } from './recipe.ts';
import { isComment, withoutComments } from './recipe-comments.ts';
import type { RecipeFault } from './recipe-problems.ts';
import { type JsonPath, type JsonPlaces, pathKey, scanJson } from './scan-json.ts';
import { positionsIn } from './text-position.ts';

/** The largest recipe in UTF-16 units, far more than one that uses every field. */
export const MAX_RECIPE_LENGTH = 65_536;

/** A fault at an offset in the text of the recipe, if it has one there. */
export interface PlacedFault extends RecipeFault {
  offset?: number | undefined;
}

/** The text of a recipe as a JSON value, with the faults that it has as JSON. */
export interface RecipeText {
  written: unknown; // without comments; an empty recipe if the text is not JSON
  isJson: boolean;
  faults: PlacedFault[];
  /** The offset of a part of a field, or of the innermost object around it that is in the text. */
  offsetOf(path: readonly PropertyKey[], part: 'key' | 'value'): number;
}

/** Removes the byte order mark that some editors write, which is no part of the JSON. */
export const withoutMark = (text: string): string => text.replace(/^\uFEFF/, '');

/** @param text without a byte order mark */
export function readRecipeText(text: string): RecipeText {
  if (text.length > MAX_RECIPE_LENGTH) {
    const what = `The recipe is longer than ${MAX_RECIPE_LENGTH / 1024} kB.`;
    const remedy = 'Keep only the fields that differ from their defaults.';
    return notJson({ code: 'RECIPE_TOO_LONG', path: [], part: 'value', what, remedy });
  }
  const scanned = scanJson(text);
  if ('what' in scanned) {
    const { what, offset } = scanned;
    return notJson({
      code: 'RECIPE_NOT_JSON',
      path: [],
      part: 'value',
      what: `The recipe is not valid JSON. ${what}`,
      remedy: 'Correct it, or remove the recipe: every field is optional.',
      offset,
    });
  }
  return {
    written: withoutComments(JSON.parse(text)),
    isJson: true,
    faults: scanned.repeated
      .filter(({ path }) => !path.some(isComment))
      .map((each) => repeatedKey(each, text)),
    offsetOf: (path, part) => offsetIn(scanned, path, part),
  };
}

const notJson = (fault: PlacedFault): RecipeText => ({
  written: {},
  isJson: false,
  faults: [fault],
  offsetOf: () => 0,
});

function repeatedKey(
  { path, offset, first }: JsonPlaces['repeated'][number],
  text: string,
): PlacedFault {
  const { line } = positionsIn(text)(first);
  return {
    code: 'RECIPE_FIELD',
    path,
    part: 'key',
    what: `"${path.join('.')}" is given twice, first in line ${line}.`,
    remedy: 'Remove one of the two.',
    offset,
  };
}

function offsetIn({ at }: JsonPlaces, path: readonly PropertyKey[], part: 'key' | 'value'): number {
  const place = at.get(pathKey(path as JsonPath));
  if (place) return place[part];
  return path.length === 0 ? 0 : offsetIn({ at, repeated: [] }, path.slice(0, -1), 'value');
}

export interface ParsedRecipe {
  recipe: Recipe;
  problems: Problem[];
  /** Where a field is written: `pets.json:3:13, seed`. */
  whereIs(field: string): string;
}

/**
 * Parses a recipe: defaults replace missing and invalid fields, and all problems are returned at once.
 *
 * @param file the name by which the user knows it
 */
export function parseRecipe(
  text: string | undefined,
  file: string,
  teachers: ReadonlyMap<string, TeacherLimits>,
): ParsedRecipe {
  const json = withoutMark(text ?? '{}');
  const { written, isJson, faults, offsetOf } = readRecipeText(json);
  const positionOf = positionsIn(json);
  const where = (path: readonly PropertyKey[], offset: number | undefined) => {
    const position = offset === undefined ? undefined : positionOf(offset);
    const place =
      position && text !== undefined ? `${file}:${position.line}:${position.column}` : file;
    return path.length > 0 ? `${place}, ${path.map(String).join('.')}` : place;
  };
  const checked = isJson
    ? checkRecipe(written, teachers)
    : { recipe: Recipe.parse({}), faults: [] };
  const all: PlacedFault[] = [
    ...faults,
    ...checked.faults.map((each) => ({ ...each, offset: offsetOf(each.path, each.part) })),
  ];
  all.sort((a, b) => (a.offset ?? 0) - (b.offset ?? 0));
  return {
    recipe: checked.recipe,
    problems: all.map(({ code, path, offset, what, remedy }) =>
      problem(code, where(path, offset), what, remedy),
    ),
    whereIs: (field) => where(field.split('.'), offsetOf(field.split('.'), 'value')),
  };
}
