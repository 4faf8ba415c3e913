import * as z from 'zod';
import { type Problem, problem } from './problem.ts';

const fraction = z.number().min(0.05).max(0.4);

/** How a image may differ each time it is learned from; what is left out is as in "auto". */
const Augmentation = z.strictObject({
  flip: z.boolean().default(false), // left for right, every second time; never unasked: a flipped b is a d
  crop: z.boolean().default(true), // a window of 85 to 100 % of each side, somewhere
  colour: z.boolean().default(true), // brightness by up to 10 %, contrast by up to 20 %
});
export type Augmentation = z.infer<typeof Augmentation>;

/** `dataset.json`, the one file a user writes by hand; every field may be left out. */
export const Recipe = z.strictObject({
  task: z.literal('image').default('image'),
  teacher: z.string().default('efficientnet-lite0'),
  regime: z
    .string()
    .regex(/^(auto|head-only|full|blocks:[1-9][0-9]?)$/)
    .default('auto'),
  split: z
    .strictObject({ validation: fraction.default(0.1), test: fraction.default(0.1) })
    .default({ validation: 0.1, test: 0.1 }), // fractions of each class
  class_weights: z.enum(['auto', 'none']).default('auto'),
  augmentation: z.union([z.enum(['auto', 'none']), Augmentation]).default('auto'), // in blocks:k and full; "auto" does not flip
  input_px: z.int().min(32).max(1024).optional(), // the teacher's own size when left out
  budget: z
    .strictObject({
      minutes: z.int().min(1).max(1440).default(60), // how long the training may take
      dollars: z.number().positive().optional(), // what it may cost: it ends earlier if that is reached
    })
    .default({ minutes: 60 }),
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

/** How many of a teacher's last blocks a regime retrains, besides the head. */
export function retrainedBlocks(regime: string, blocks: number): number {
  if (regime === 'full') return blocks;
  const [, count = '0'] = /^blocks:(\d+)$/.exec(regime) ?? [];
  return Number(count);
}

/** What to do to images; `undefined`: nothing. */
export function augmentationOf({
  augmentation,
}: Pick<Recipe, 'augmentation'>): Augmentation | undefined {
  if (augmentation === 'none') return undefined;
  const how = augmentation === 'auto' ? Augmentation.parse({}) : augmentation;
  return how.flip || how.crop || how.colour ? how : undefined;
}

/** What a recipe has to know of a teacher. */
export interface TeacherLimits {
  input: { px: number };
  blockOutputs: readonly unknown[]; // one a block
}

/** Tasks that people ask for by name, and what serves them instead. */
const OTHER_TASKS: Record<string, string> = {
  text: 'texts come in a later version; for now the examples must be images.',
  'reinforcement-learning':
    'it learns from acting, not from labelled examples; use a simulator with a library such as RLlib.',
  detection:
    'a student names a whole image and draws no boxes; cut the objects out into class folders, or use a YOLO.',
  segmentation: 'a student names a whole image and marks no pixels; use a U-Net.',
  regression:
    'a student answers with a class, not a number; cut the range into classes, or fit a regression on features.',
};

/** A recipe text, with the defaults filled in for what it leaves out or says wrongly, and everything that is wrong with it. */
export function parseRecipe(
  text: string | undefined,
  file: string,
  teachers: ReadonlyMap<string, TeacherLimits>,
): { recipe: Recipe; problems: Problem[] } {
  const written = text === undefined ? {} : json(text);
  if (written === undefined) {
    const what = 'The recipe is not JSON.';
    const remedy = 'Write it as one JSON object, or remove it: every field is optional.';
    return { recipe: Recipe.parse({}), problems: [problem('RECIPE_NOT_JSON', file, what, remedy)] };
  }

  const parsed = Recipe.safeParse(written);
  if (parsed.success)
    return { recipe: parsed.data, problems: impossible(parsed.data, file, teachers) };
  const wrong = parsed.error.issues.map((issue) => asProblem(issue, file, written));
  // What is written correctly may be impossible all the same; all of it is told at once.
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

function asProblem(issue: z.core.$ZodIssue, file: string, written: unknown): Problem {
  const where = issue.path.length > 0 ? `${file}, ${issue.path.join('.')}` : file;
  if (issue.path[0] === 'task') {
    const task = String((written as { task: unknown }).task);
    const why = OTHER_TASKS[task] ?? 'only "image" is known.';
    return problem(
      'TASK_NOT_SUPPORTED',
      where,
      `The task "${task}" is not supported: ${why}`,
      'Set task to "image" or leave it out.',
    );
  }
  return problem(
    'RECIPE_FIELD',
    where,
    `${issue.message}.`,
    'Correct the field, or leave it out to take the default.',
  );
}

/** What is written correctly and cannot be done. */
function impossible(
  recipe: Recipe,
  file: string,
  teachers: ReadonlyMap<string, TeacherLimits>,
): Problem[] {
  const problems: Problem[] = [];
  const teacher = teachers.get(recipe.teacher);
  if (!teacher) {
    const known = [...teachers.keys()].join(', ');
    problems.push(
      problem(
        'TEACHER_UNKNOWN',
        `${file}, teacher`,
        `There is no teacher "${recipe.teacher}".`,
        `Choose one of: ${known}.`,
      ),
    );
  }
  if (teacher && recipe.input_px !== undefined && recipe.input_px !== teacher.input.px) {
    const what = `${recipe.teacher} takes images of ${teacher.input.px} px, not ${recipe.input_px}.`;
    problems.push(
      problem(
        'INPUT_PX',
        `${file}, input_px`,
        what,
        `Leave input_px out or set it to ${teacher.input.px}.`,
      ),
    );
  }
  if (
    teacher &&
    retrainedBlocks(recipe.regime, teacher.blockOutputs.length) > teacher.blockOutputs.length
  ) {
    const what = `${recipe.teacher} has ${teacher.blockOutputs.length} blocks, fewer than "${recipe.regime}" asks for.`;
    problems.push(
      problem(
        'REGIME_BLOCKS',
        `${file}, regime`,
        what,
        `Set regime to "blocks:1" up to "blocks:${teacher.blockOutputs.length}", or to "full".`,
      ),
    );
  }
  return problems;
}
