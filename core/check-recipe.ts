import { nearestName } from './nearest-name.ts';
import { ANY_TEACHER, Recipe, RecipeFile, retrainedBlocks } from './recipe.ts';
import { didYouMean, type RecipeFault, recipeFaults } from './recipe-problems.ts';

/** The properties of a teacher that a recipe is checked against. */
export interface TeacherLimits {
  blockOutputs: readonly unknown[]; // one per block
}

/**
 * Checks a recipe against its schema and the teachers: all faults at once.
 *
 * @param written a JSON value
 * @returns also the recipe, with defaults in place of missing and invalid fields
 */
export function checkRecipe(
  written: unknown,
  teachers: ReadonlyMap<string, TeacherLimits>,
): { recipe: Recipe; faults: RecipeFault[] } {
  const parsed = RecipeFile.safeParse(written);
  // Fields that are valid by themselves may still be impossible for this teacher.
  const recipe = Recipe.parse(correctFields(written));
  const wrong = parsed.error?.issues.flatMap((issue) => recipeFaults(issue, written)) ?? [];
  // One value may break two rules of the schema.
  const distinct = new Map(wrong.map((fault) => [`${fault.path.join('.')}: ${fault.what}`, fault]));
  return { recipe, faults: [...distinct.values(), ...impossible(recipe, teachers)] };
}

function correctFields(written: unknown): Record<string, unknown> {
  const fields = Object.entries(Recipe.shape).filter(([name, schema]) => {
    const value = Object(written)[name];
    return value !== undefined && schema.safeParse(value).success;
  });
  return Object.fromEntries(fields.map(([name]) => [name, Object(written)[name]]));
}

/** The fault of a valid recipe that one of its teachers cannot fulfil. */
function impossible(recipe: Recipe, teachers: ReadonlyMap<string, TeacherLimits>): RecipeFault[] {
  const candidates = recipe.teacher === ANY_TEACHER ? [...teachers.keys()] : [recipe.teacher];
  const faults = candidates.map((name) => teacherFault(recipe, name, teachers));
  return faults.filter((each) => each !== undefined).slice(0, 1); // of one kind: one teacher's is enough
}

function teacherFault(
  { regime }: Recipe,
  name: string,
  teachers: ReadonlyMap<string, TeacherLimits>,
): RecipeFault | undefined {
  const teacher = teachers.get(name);
  if (!teacher) {
    const known = [ANY_TEACHER, ...teachers.keys()];
    const nearest = nearestName(name, known) ?? known.find((each) => each.endsWith(`-${name}`));
    const guess = nearest === undefined ? undefined : JSON.stringify(nearest);
    return {
      code: 'TEACHER_UNKNOWN',
      path: ['teacher'],
      part: 'value',
      what: `There is no teacher "${name}".${didYouMean(guess)}`,
      remedy: `Choose one of: ${known.join(', ')}.`,
    };
  }
  const blocks = teacher.blockOutputs.length;
  if (retrainedBlocks(regime, blocks) <= blocks) return undefined;
  return {
    code: 'REGIME_BLOCKS',
    path: ['regime'],
    part: 'value',
    what: `${name} has ${blocks} blocks, fewer than "${regime}" requires.`,
    remedy: `Set regime to "blocks:1" through "blocks:${blocks}", or to "full".`,
  };
}
