import { isDeepStrictEqual } from 'node:util';
import { checkRecipe, type TeacherLimits } from '#core/check-recipe.ts';
import { type PlacedFault, readRecipeText, withoutMark } from '#core/parse-recipe.ts';
import { sanitise } from '#core/problem.ts';
import { count } from '#core/quantities.ts';
import { didYouMean, type RecipeFault } from '#core/recipe-problems.ts';
import { excerptAt, positionsIn } from '#core/text-position.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { GivenFlag } from './recipe-flags.ts';

/** Where the user's recipe comes from. */
export interface RecipeSources {
  file: { path: string; text: string } | undefined; // the path as the user knows it
  flags: readonly GivenFlag[];
}

export interface ComposedRecipe {
  /** What to upload: the file as it is, unless flags change a value in it; `undefined` for the default recipe. */
  text: string | undefined;
  notice?: string; // which fields of the file the flags override
}

/**
 * Makes one recipe of a file and flags, which override it, and checks it as the validator will.
 *
 * @throws CliError rejected, with everything that is wrong
 */
export function composeRecipe(
  { file, flags }: RecipeSources,
  teachers: ReadonlyMap<string, TeacherLimits>,
): ComposedRecipe {
  const json = withoutMark(file?.text ?? '{}');
  const text = readRecipeText(json);
  const values = flags.map((flag) => ({ ...flag, value: flag.read(flag.typed.at(-1) ?? '') }));
  const merged = values.reduce((into, flag) => withField(into, flag), text.written);

  const flagOf = ({ path }: RecipeFault) =>
    values.find(({ field }) => `${path.join('.')}.`.startsWith(`${field}.`));
  const faults: PlacedFault[] = [
    ...text.faults.filter((fault) => !flagOf(fault)), // an overridden field may be wrong in the file
    ...checkRecipe(merged, teachers).faults.map((fault) => ({
      ...fault,
      offset: text.offsetOf(fault.path, fault.part),
    })),
  ];
  const problems = [
    ...values.flatMap(({ name, typed }) => contradiction(name, [...new Set(typed)])),
    ...values.flatMap((flag) =>
      faults.filter((fault) => flagOf(fault) === flag).map((fault) => faultOfFlag(fault, flag)),
    ),
    ...faults
      .filter((fault) => !flagOf(fault))
      .sort((a, b) => (a.offset ?? 0) - (b.offset ?? 0))
      .map((fault) => faultInFile(fault, file?.path ?? 'the recipe', json)),
  ];
  if (problems.length > 0) throw new CliError(EXIT.rejected, refusal([...new Set(problems)]));

  if (isDeepStrictEqual(merged, text.written)) return { text: file?.text };
  const overridden = values.flatMap(({ name, field, value }) => {
    const before = fieldOf(text.written, field);
    if (before === undefined || isDeepStrictEqual(before, value)) return [];
    return [`${name} ${JSON.stringify(value)} instead of ${JSON.stringify(before)}`];
  });
  return {
    text: `${JSON.stringify(merged, null, 2)}\n`,
    ...(file &&
      overridden.length > 0 && {
        notice: `Flags override ${file.path}: ${sanitise(overridden.join(', '))}.`,
      }),
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Sets a field, nested by dots. What should be an object but is not stays as it is, to be refused. */
function withField(recipe: unknown, { field, value }: { field: string; value: unknown }): unknown {
  if (!isObject(recipe)) return recipe;
  const [key = '', ...rest] = field.split('.');
  if (rest.length === 0) return { ...recipe, [key]: value };
  const inside = Object.hasOwn(recipe, key) ? recipe[key] : {};
  return { ...recipe, [key]: withField(inside, { field: rest.join('.'), value }) };
}

const fieldOf = (recipe: unknown, field: string): unknown =>
  field
    .split('.')
    .reduce<unknown>(
      (value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined),
      recipe,
    );

function contradiction(name: string, typed: readonly string[]): string[] {
  if (typed.length < 2) return [];
  const isSwitch = typed.includes(name); // such as --refit and --no-refit
  const all = new Intl.ListFormat('en').format(typed);
  return [
    isSwitch ? `${all} contradict each other; give one.` : `${name} is given as ${all}; give one.`,
  ];
}

/** The same sentences as for a field, but a shell needs no quotation marks around texts. */
function faultOfFlag({ rule, what, remedy, path }: RecipeFault, flag: GivenFlag): string {
  if (!rule) return `${flag.name}: ${what} ${remedy}`;
  const takes = flag.takes ?? rule.takes.replaceAll('"', '');
  const isWhole = path.length === flag.field.split('.').length;
  const guess = isWhole && flag.guess ? flag.guess(flag.typed.at(-1) ?? '') : rule.guess;
  return `${flag.name} must be ${takes}, not ${rule.shown}.${didYouMean(guess)}`;
}

/** A sentence that begins with the place in the file, and the line with a caret. */
function faultInFile(fault: PlacedFault, path: string, json: string): string {
  const { rule, what, remedy, offset } = fault;
  const sentence = rule ? what : `${what} ${remedy}`;
  if (offset === undefined) return `${path}: ${sentence}`;
  const position = positionsIn(json)(offset);
  const excerpt = excerptAt(json, position)?.replaceAll(/^/gm, '    ');
  const place = `${path}:${position.line}:${position.column}`;
  return [`${place}: ${sentence}`, excerpt].filter((line) => line !== undefined).join('\n');
}

const MAX_SHOWN = 20; // problems; a file that has more is of another kind

function refusal(problems: readonly string[]): string {
  const shown = problems.slice(0, MAX_SHOWN).map((problem) => `  ${problem}`);
  const more = problems.length - shown.length;
  const rest = more > 0 ? [`  … and ${count(more)} more.`] : [];
  return ['The recipe was rejected; nothing was uploaded:', ...shown, ...rest].join('\n');
}
