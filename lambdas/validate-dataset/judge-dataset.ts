import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TeacherLimits } from '#core/check-recipe.ts';
import { budgetProblems } from '#core/cost.ts';
import type { LeftOut } from '#core/manifest.ts';
import { parseRecipe } from '#core/parse-recipe.ts';
import {
  countCodes,
  firstOfEach,
  PROBLEMS_OF_A_CODE,
  type Problem,
  sortProblems,
} from '#core/problem.ts';
import type { Recipe } from '#core/recipe.ts';
import { checkImages } from './check-images.ts';
import type { DatasetFile, DatasetFiles } from './dataset-files.ts';
import { type ReadDataset, readDataset } from './detect-format.ts';
import { MAX_RECIPE_BYTES } from './identify-upload.ts';
import { byRule } from './left-out.ts';
import { recipePathIn } from './recipe-in-archive.ts';

/** What recipes are judged by. */
export interface RecipeLimits {
  teachers: ReadonlyMap<string, TeacherLimits>;
  allowedInstanceTypes?: readonly string[] | undefined; // any, if left out
}

/** Everything that is known of a dataset before it is trained on; accepted if there are no problems. */
export interface JudgedDataset {
  recipe: Recipe;
  read: ReadDataset;
  leftOut: LeftOut[];
  problems: Problem[];
  warnings: Problem[];
}

/**
 * Judges the files of a dataset and its recipe.
 *
 * @param beside the recipe beside the dataset, if there is one, and where it is or would be; it counts before one inside
 */
export async function judgeDataset(
  { files: all, folders = [], problems: listing, warnings = [] }: DatasetFiles,
  beside: { text: string | undefined; path: string },
  { teachers, allowedInstanceTypes: allowed }: RecipeLimits,
): Promise<JudgedDataset> {
  // An archive that is refused as a whole may be hostile: nothing in it is read.
  const isRefused = listing.some(({ code }) => code.startsWith('ARCHIVE_'));
  const { inside, files } = await withoutRecipe(all, isRefused, beside.path);
  const {
    recipe,
    whereIs,
    problems: recipeProblems,
  } = parseRecipe(
    beside.text ?? inside.text,
    beside.text === undefined ? inside.path : beside.path,
    teachers,
  );
  const read = await readDataset({ files, folders }, !isRefused);
  const images = await checkImages(isRefused ? [] : read.examples.map(({ file }) => file));
  await nextTurn();
  // An archive that cannot be listed has no classes either; only the cause is worth reporting.
  const isUnlisted = files.length === 0 && listing.length > 0;
  const budget = allowed ? budgetProblems(recipe, whereIs, allowed) : [];
  return {
    recipe,
    read,
    leftOut: byRule(read.leftOut),
    problems: [
      ...recipeProblems, // in the order of the recipe's lines
      ...budget,
      ...sortProblems([...listing, ...(isUnlisted ? [] : read.problems), ...images.problems]),
    ],
    warnings: sortProblems([...warnings, ...(isUnlisted ? [] : read.warnings), ...images.warnings]),
  };
}

/** `report.json`: all classes; problems and warnings, many of each code, with their numbers. */
export const reportOf = (dataset: string, judged: JudgedDataset) => ({
  dataset,
  accepted: judged.problems.length === 0,
  format: judged.read.format,
  takenFor: judged.read.sentence,
  examples: judged.read.examples.length,
  lists: judged.read.used,
  leftOut: judged.leftOut,
  classes: judged.read.classes,
  problemCount: judged.problems.length,
  warningCount: judged.warnings.length,
  counts: countCodes([...judged.problems, ...judged.warnings]),
  problems: firstOfEach(judged.problems, PROBLEMS_OF_A_CODE),
  warnings: firstOfEach(judged.warnings, PROBLEMS_OF_A_CODE),
});

/** The files but the recipe among them, and that recipe, which counts if there is none beside the archive. */
async function withoutRecipe(
  files: DatasetFile[],
  isRefused: boolean,
  noRecipe: string,
): Promise<{ files: DatasetFile[]; inside: { path: string; text: string | undefined } }> {
  const path = recipePathIn(files.map((file) => file.path));
  const found = path === undefined ? undefined : files.find((file) => file.path === path);
  if (!found) return { files, inside: { path: noRecipe, text: undefined } };
  const bytes = isRefused ? undefined : await found.head(MAX_RECIPE_BYTES + 1);
  return {
    files: files.filter((file) => file !== found),
    inside: { path: found.path, text: bytes && Buffer.from(bytes).toString('utf8') },
  };
}
