import type * as z from 'zod';
import { nearestName } from './nearest-name.ts';
import { type Problem, problem } from './problem.ts';

/** The fields of a recipe, and the values that each takes; `core/recipe.ts` has the schema. */
const FIELDS = new Map([
  ['task', '"image"'],
  ['teacher', '"auto" or the name of a teacher'],
  ['regime', '"auto", "head-only", "full" or "blocks:1" to "blocks:7"'],
  ['prefer', '"accuracy" or "cost"'],
  ['split', 'an object with "validation" and "test"'],
  ['split.validation', 'a number from 0.05 to 0.4'],
  ['split.test', 'a number from 0.05 to 0.4'],
  ['class_weights', '"auto" or "none"'],
  ['augmentation', '"auto", "none", or an object with "flip", "crop" and "colour"'],
  ['augmentation.flip', 'true or false'],
  ['augmentation.crop', 'true or false'],
  ['augmentation.colour', 'true or false'],
  ['input_px', 'an integer from 64 to 512'],
  ['refit', 'true or false'],
  ['budget', 'an object with "minutes" and "dollars"'],
  ['budget.minutes', 'an integer from 1 to 1440'],
  ['budget.dollars', 'a number above 0'],
  ['instance_types', 'a list of one to five SageMaker instance types, such as "ml.g4dn.xlarge"'],
  ['seed', 'an integer from 0 to 2147483647'],
]);

/** Tasks that people may request by name, and what to use instead. */
const OTHER_TASKS = new Map([
  ['text', 'text is planned for a later version; for now the examples must be images.'],
  [
    'reinforcement-learning',
    'it learns by acting, not from labelled examples; use a simulator with a library such as RLlib.',
  ],
  [
    'detection',
    'a student classifies whole images and does not locate objects; crop the objects into class folders, or use a YOLO model.',
  ],
  ['segmentation', 'a student classifies whole images, not pixels; use a U-Net.'],
  [
    'regression',
    'a student predicts a class, not a number; divide the range into classes, or fit a regression on features.',
  ],
]);

/**
 * Explains an issue that the recipe's schema found.
 *
 * @param written the recipe as parsed from JSON
 */
export function recipeProblems(issue: z.core.$ZodIssue, file: string, written: unknown): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownField(file, issue.path.map(String), key));
  }
  const value = valueAt(written, issue.path);
  if (issue.code === 'invalid_union' && typeof value === 'object') {
    const inside = issue.errors.flat().filter(isInside);
    if (inside.length > 0) {
      return inside.flatMap((each) =>
        recipeProblems({ ...each, path: [...issue.path, ...each.path] }, file, written),
      );
    }
  }
  if (issue.path[0] === 'task') return [taskProblem(file, value)];

  const field = issue.path.filter((part) => typeof part === 'string').join('.');
  const subject = field === '' ? 'The recipe' : `"${field}"`;
  const what = `${subject} must be ${FIELDS.get(field) ?? 'a JSON object'}, not ${shown(value)}.`;
  const remedy = 'Correct the field, or omit it to use the default.';
  return [problem('RECIPE_FIELD', whereOf(file, issue.path), what, remedy)];
}

/** Whether the issue is about a part of the value, and not about its type. */
const isInside = ({ code, path }: z.core.$ZodIssue): boolean =>
  path.length > 0 || code === 'unrecognized_keys';

function unknownField(file: string, parent: readonly string[], key: string): Problem {
  const prefix = parent.map((part) => `${part}.`).join('');
  const known = [...FIELDS.keys()]
    .filter((field) => field.startsWith(prefix) && !field.slice(prefix.length).includes('.'))
    .map((field) => field.slice(prefix.length));
  const nearest = nearestName(key, known);
  const guess = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
  const what = `There is no field "${prefix}${key}".${guess}`;
  const remedy = `Rename or remove it; the fields are ${known.join(', ')}.`;
  return problem('RECIPE_FIELD', whereOf(file, [...parent, key]), what, remedy);
}

function taskProblem(file: string, task: unknown): Problem {
  const why = typeof task === 'string' ? OTHER_TASKS.get(task) : undefined;
  return problem(
    'TASK_NOT_SUPPORTED',
    whereOf(file, ['task']),
    `The task ${shown(task)} is not supported: ${why ?? 'the only task is "image".'}`,
    'Set task to "image", or omit it.',
  );
}

const whereOf = (file: string, path: readonly PropertyKey[]): string =>
  path.length > 0 ? `${file}, ${path.map(String).join('.')}` : file;

function valueAt(written: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, part) => Object(value)[part], written);
}

const MAX_SHOWN = 60; // UTF-16 units

function shown(value: unknown): string {
  const json = jsonOf(value) ?? 'nothing';
  return json.length <= MAX_SHOWN ? json : `${json.slice(0, MAX_SHOWN)}…`;
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return 'something nested too deeply'; // JSON.stringify has a limit, JSON.parse has none
  }
}
