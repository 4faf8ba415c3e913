import * as z from 'zod';
import { type Problem, problem } from './problem.ts';
import { recipeProblems } from './recipe-problems.ts';

const fraction = z.number().min(0.05).max(0.4);

/** The value of `teacher` that stands for every teacher of the catalogue. */
export const ANY_TEACHER = 'auto';

/** Minutes of a training job. */
export const BudgetMinutes = z.int().min(1).max(1440);

/** How images are varied during fine-tuning, as users write it; omitted fields are as in "auto". */
const AugmentationFields = z.strictObject({
  flip: z.boolean().optional(), // left to right, half of the time; by default only if measurements allow it: a mirrored b is a d
  crop: z.boolean().default(true), // shifts by up to a twelfth of a side
  colour: z.boolean().default(false), // brightness by up to 10%, contrast by up to 20%
});

/** How images are varied during fine-tuning. */
export interface Augmentation {
  flip: boolean;
  crop: boolean;
  colour: boolean;
}

/** `dataset.json`, the one file that users write by hand; every field is optional. */
export const Recipe = z.strictObject({
  task: z.literal('image').default('image'),
  teacher: z.string().default(ANY_TEACHER), // a name, or any that the training job can reach
  regime: z
    .string()
    .regex(/^(auto|head-only|full|blocks:[1-9][0-9]?)$/)
    .default('auto'),
  /** Of the plans to choose from: the most accurate within the budget, or the cheapest that is about as accurate. */
  prefer: z.enum(['accuracy', 'cost']).default('accuracy'),
  split: z
    .strictObject({ validation: fraction.default(0.1), test: fraction.default(0.1) })
    .default({ validation: 0.1, test: 0.1 }), // fractions of each class
  class_weights: z.enum(['auto', 'none']).default('auto'),
  augmentation: z.union([z.enum(['auto', 'none']), AugmentationFields]).default('auto'), // for blocks:k and full
  input_px: z.int().min(64).max(512).optional(), // height and width of the student's images; the plan chooses if left out
  /** After the test, train again on all images with the chosen settings; by default only if just the head is trained. */
  refit: z.boolean().optional(),
  budget: z
    .strictObject({
      minutes: BudgetMinutes.optional(), // for the training job; the pipeline has a default
      dollars: z.number().positive().optional(), // for the training job; the tighter limit applies
    })
    .default({}),
  instance_types: z
    .array(z.string().regex(/^ml\.[a-z0-9]+\.[a-z0-9]+$/))
    .min(1)
    .max(5)
    .optional(),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1),
});
export type Recipe = z.infer<typeof Recipe>;

/** The number of the teacher's last blocks that a regime retrains, besides the head. */
export function retrainedBlocks(regime: string, blocks: number): number {
  if (regime === 'full') return blocks;
  const [, count = '0'] = /^blocks:(\d+)$/.exec(regime) ?? [];
  return Number(count);
}

/**
 * How to vary images during fine-tuning; `undefined` for not at all.
 *
 * @param mayFlip whether to mirror images if the recipe leaves it open
 */
export function augmentationOf(
  { augmentation }: Pick<Recipe, 'augmentation'>,
  mayFlip: boolean,
): Augmentation | undefined {
  if (augmentation === 'none') return undefined;
  const fields = augmentation === 'auto' ? AugmentationFields.parse({}) : augmentation;
  const how = { ...fields, flip: fields.flip ?? mayFlip };
  return how.flip || how.crop || how.colour ? how : undefined;
}

/** The properties of a teacher that a recipe is checked against. */
export interface TeacherLimits {
  blockOutputs: readonly unknown[]; // one per block
}

/** The teachers that a recipe allows, in the catalogue's order; none if it names one that is not there. */
export function teachersFor<Entry>(
  { teacher }: Pick<Recipe, 'teacher'>,
  catalogue: ReadonlyMap<string, Entry>,
): Entry[] {
  if (teacher === ANY_TEACHER) return [...catalogue.values()];
  const named = catalogue.get(teacher);
  return named === undefined ? [] : [named];
}

/** Bytes; chosen: far more than every field with its longest value takes. */
export const MAX_RECIPE_BYTES = 64 * 1024;

/** Parses a recipe: defaults replace missing and invalid fields, and all problems are returned at once. */
export function parseRecipe(
  text: string | undefined,
  file: string,
  teachers: ReadonlyMap<string, TeacherLimits>,
): { recipe: Recipe; problems: Problem[] } {
  if (text !== undefined && Buffer.byteLength(text) > MAX_RECIPE_BYTES) {
    const what = `The recipe is larger than ${MAX_RECIPE_BYTES / 1024} KiB.`;
    const remedy = 'Write it as a JSON object of a few fields, or remove it.';
    return {
      recipe: Recipe.parse({}),
      problems: [problem('RECIPE_TOO_LARGE', file, what, remedy)],
    };
  }
  const written = text === undefined ? {} : json(text);
  if (written === undefined) {
    const what = 'The recipe is not valid JSON.';
    const remedy = 'Write it as a JSON object, or remove it: every field is optional.';
    return { recipe: Recipe.parse({}), problems: [problem('RECIPE_NOT_JSON', file, what, remedy)] };
  }

  const parsed = Recipe.safeParse(written);
  if (parsed.success)
    return { recipe: parsed.data, problems: impossible(parsed.data, file, teachers) };
  const wrong = parsed.error.issues.flatMap((issue) => recipeProblems(issue, file, written));
  // Fields that are valid by themselves may still be impossible for this teacher.
  const correct = Recipe.parse(correctFields(written));
  return { recipe: correct, problems: [...wrong, ...impossible(correct, file, teachers)] };
}

function correctFields(written: unknown): Record<string, unknown> {
  const fields = Object.entries(Recipe.shape).filter(([name, schema]) => {
    const value = Object(written)[name];
    return value !== undefined && schema.safeParse(value).success;
  });
  return Object.fromEntries(fields.map(([name]) => [name, Object(written)[name]]));
}

function json(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

/** The problem of a valid recipe that one of its teachers cannot fulfil. */
function impossible(
  recipe: Recipe,
  file: string,
  teachers: ReadonlyMap<string, TeacherLimits>,
): Problem[] {
  const candidates = recipe.teacher === ANY_TEACHER ? [...teachers.keys()] : [recipe.teacher];
  const problems = candidates.map((name) => teacherProblem(recipe, file, name, teachers));
  return problems.filter((each) => each !== undefined).slice(0, 1); // of one kind: one teacher's is enough
}

function teacherProblem(
  { regime }: Recipe,
  file: string,
  name: string,
  teachers: ReadonlyMap<string, TeacherLimits>,
): Problem | undefined {
  const teacher = teachers.get(name);
  if (!teacher) {
    return problem(
      'TEACHER_UNKNOWN',
      `${file}, teacher`,
      `There is no teacher "${name}".`,
      `Choose one of: ${[ANY_TEACHER, ...teachers.keys()].join(', ')}.`,
    );
  }
  const blocks = teacher.blockOutputs.length;
  if (retrainedBlocks(regime, blocks) <= blocks) return undefined;
  return problem(
    'REGIME_BLOCKS',
    `${file}, regime`,
    `${name} has ${blocks} blocks, fewer than "${regime}" requires.`,
    `Set regime to "blocks:1" through "blocks:${blocks}", or to "full".`,
  );
}
