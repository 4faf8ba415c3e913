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

/** The faults of a valid recipe that one of its teachers cannot fulfil. */
function impossible(recipe: Recipe, teachers: ReadonlyMap<string, TeacherLimits>): RecipeFault[] {
  const { teacher, regime } = recipe;
  const isKnown = teacher === ANY_TEACHER || teachers.has(teacher);
  // Where the teacher is unknown too, the regime must be impossible for all of them.
  const candidates = teachers.has(teacher) ? [teacher] : [...teachers.keys()];
  const faults = candidates.map((name) => regimeFault(regime, name, teachers.get(name)));
  const ofRegime = faults.filter((each) => each !== undefined);
  const isImpossible = isKnown || ofRegime.length === candidates.length;
  return [
    ...(isKnown ? [] : [unknownTeacher(teacher, [ANY_TEACHER, ...teachers.keys()])]),
    ...(isImpossible ? ofRegime.slice(0, 1) : []), // one teacher's is enough
  ];
}

function unknownTeacher(name: string, known: readonly string[]): RecipeFault {
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

function regimeFault(
  regime: Recipe['regime'],
  name: string,
  teacher: TeacherLimits | undefined,
): RecipeFault | undefined {
  const blocks = teacher?.blockOutputs.length ?? 0;
  if (retrainedBlocks(regime, blocks) <= blocks) return undefined;
  return {
    code: 'REGIME_BLOCKS',
    path: ['regime'],
    part: 'value',
    what: `${name} has ${blocks} blocks, fewer than "${regime}" requires.`,
    remedy: `Set regime to "blocks:1" through "blocks:${blocks}", or to "full".`,
  };
}
