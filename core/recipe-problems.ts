import type * as z from 'zod';
import { nearestName } from './nearest-name.ts';
import { keysInside, RECIPE_FIELDS, type RecipeField } from './recipe-fields.ts';

/** A fault of a recipe, before it is said where the recipe came from. */
export interface RecipeFault {
  code: string;
  path: readonly PropertyKey[]; // of the field
  part: 'key' | 'value'; // the part that is wrong
  what: string; // a sentence
  /** For a wrong value: what `what` is made of, to say the same of a flag. */
  rule?: {
    takes: string; // `"auto" or "none"`
    shown: string; // the value, in JSON
    guess: string | undefined; // the value that was probably meant, in JSON
  };
  remedy: string; // a sentence that begins with a verb
}

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
export function recipeFaults(issue: z.core.$ZodIssue, written: unknown): RecipeFault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownField(issue.path.map(String), key));
  }
  const value = valueAt(written, issue.path);
  if (issue.code === 'invalid_union' && typeof value === 'object') {
    const inside = issue.errors.flat().filter(isInside);
    if (inside.length > 0) {
      return inside.flatMap((each) =>
        recipeFaults({ ...each, path: [...issue.path, ...each.path] }, written),
      );
    }
  }
  if (issue.path[0] === 'task') return [taskFault(value)];
  return [valueFault(issue.path, value)];
}

/** Whether the issue is about a part of the value, and not about its type. */
const isInside = ({ code, path }: z.core.$ZodIssue): boolean =>
  path.length > 0 || code === 'unrecognized_keys';

function valueFault(path: readonly PropertyKey[], value: unknown): RecipeFault {
  const name = path.filter((part) => typeof part === 'string').join('.');
  const field = RECIPE_FIELDS.get(name);
  const subject = field ? `"${name}"` : 'The recipe';
  const takes = field?.takes ?? 'a JSON object, such as {"seed": 3}';
  const guess = field && guessedValue(field, path, value);
  const shown = shownValue(value);
  return {
    code: 'RECIPE_FIELD',
    path,
    part: 'value',
    what: `${subject} must be ${takes}, not ${shown}.${didYouMean(guess)}`,
    rule: { takes, shown, guess },
    remedy: field
      ? 'Correct the field, or omit it to use the default.'
      : 'Write an object, or remove the recipe: every field is optional.',
  };
}

/** @param guess in JSON */
export const didYouMean = (guess: string | undefined): string =>
  guess === undefined ? '' : ` Did you mean ${guess}?`;

/** The value that was probably meant, in JSON: the same one written as the field takes it, or the nearest one. */
function guessedValue(
  { schema, values = [] }: RecipeField,
  path: readonly PropertyKey[],
  value: unknown,
): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const isElement = typeof path.at(-1) === 'number'; // of a list
  const fits = (each: unknown) => schema.safeParse(isElement ? [each] : each).success;
  const number = /\d/.test(`${value}`) ? [Number(value)] : [];
  const boolean = value === 'true' || value === 'false' ? [value === 'true'] : [];
  const same = [...number, ...boolean, [value], ...(isElement ? [`ml.${value}`] : [])].find(fits);
  if (same !== undefined) return JSON.stringify(same);
  const wanted = String(value).trim();
  if (/^blocks:\d+$/.test(wanted)) return undefined; // every number is equally near
  const nearest = values.find((each) => each === `blocks:${wanted}`) ?? nearestName(wanted, values);
  return nearest === undefined ? undefined : JSON.stringify(nearest);
}

function unknownField(parent: readonly string[], key: string): RecipeFault {
  const known = keysInside(parent.join('.'));
  const guess = guessedKey(key, known);
  return {
    code: 'RECIPE_FIELD',
    path: [...parent, key],
    part: 'key',
    what: `There is no field ${shownValue([...parent, key].join('.'))}.${didYouMean(guess)}`,
    remedy: guess
      ? 'Rename or remove it.'
      : `Rename or remove it; the fields are ${known.join(', ')}.`,
  };
}

/** Keys under which other programs know a field. */
const OTHER_KEYS = new Map([
  ['px', 'input_px'],
  ['image_size', 'input_px'],
]);

function guessedKey(key: string, known: readonly string[]): string | undefined {
  const wanted = key.replaceAll('-', '_');
  const nearest = nearestName(wanted, known) ?? OTHER_KEYS.get(wanted);
  if (nearest !== undefined && known.includes(nearest)) return `"${nearest}"`;
  const nested = [...RECIPE_FIELDS.keys()].map((name) => name.split('.'));
  const inside = nearestName(wanted, nested.map(([, name]) => name ?? '').filter(Boolean));
  const outside = nested.find(([, name]) => name !== undefined && name === inside)?.[0];
  return outside === undefined ? undefined : `"${inside}" inside "${outside}"`;
}

function taskFault(task: unknown): RecipeFault {
  const why = typeof task === 'string' ? OTHER_TASKS.get(task) : undefined;
  return {
    code: 'TASK_NOT_SUPPORTED',
    path: ['task'],
    part: 'value',
    what: `The task ${shownValue(task)} is not supported: ${why ?? 'the only task is "image".'}`,
    remedy: 'Set task to "image", or omit it.',
  };
}

function valueAt(written: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, part) => Object(value)[part], written);
}

const MAX_SHOWN = 60; // UTF-16 units

/** A value in JSON, cut to a length that fits into a sentence. */
function shownValue(value: unknown): string {
  const isBeyondJson = typeof value === 'number' && !Number.isFinite(value); // such as 1e999
  const json = isBeyondJson ? String(value) : (JSON.stringify(value) ?? 'nothing');
  return json.length <= MAX_SHOWN ? json : `${json.slice(0, MAX_SHOWN)}…`;
}
