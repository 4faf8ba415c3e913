import { type Command, Option } from 'commander';
import { nearestName } from '#core/nearest-name.ts';
import { CliError, EXIT } from './cli-error.ts';

/** A flag of `train` that sets a field of the recipe. */
export interface RecipeFlag {
  name: string; // `--px`
  argument?: string; // `<pixels>`; without one, the flag and its `--no-` form mean true and false
  field: string; // with dots: `split.test`
  help: string;
  negatedHelp?: string;
  read: (typed: string) => unknown; // a value for the schema, which refuses what cannot be read
  /** What to say of a wrong value, where a flag is written differently from the field. */
  takes?: string;
  note?: string; // more on what it takes, for docs/recipe.md
  guess?: (typed: string) => string | undefined; // in JSON
}

/** In decimal notation; anything else stays a text, which no number field takes. */
const asNumber = (typed: string): unknown =>
  /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(typed) ? Number(typed) : typed;
const asText = (typed: string): unknown => typed;
const listOf = (typed: string): string[] => typed.split(',').map((each) => each.trim());

const CHANGES = ['flip', 'crop', 'colour'];
const AUGMENTATIONS = ['auto', 'none', ...CHANGES, ...CHANGES.map((each) => `no-${each}`)];

/**
 * Reads `auto`, `none` or a list of changes. What is not listed is off; but a list with `auto` or a `no-…` only names
 * what differs from `auto`.
 */
function asAugmentation(typed: string): unknown {
  const items = listOf(typed);
  if (items.length === 1 && ['auto', 'none'].includes(typed)) return typed;
  const isWrong = items.some((each) => each === 'none' || !AUGMENTATIONS.includes(each));
  if (isWrong) return typed;
  const isExact = items.every((each) => CHANGES.includes(each));
  const fields = CHANGES.map((each) => {
    const isOff = items.includes(`no-${each}`) || (isExact && !items.includes(each));
    return [each, isOff ? false : items.includes(each) ? true : undefined];
  });
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

function guessedAugmentation(typed: string): string | undefined {
  const nearest = listOf(typed).map((item) =>
    AUGMENTATIONS.includes(item) ? item : nearestName(item, AUGMENTATIONS),
  );
  const guess = nearest.join(',');
  return nearest.includes(undefined) || guess === typed ? undefined : JSON.stringify(guess);
}

/** In the order of the recipe's fields, so that the same flags in any order make the same recipe. */
export const RECIPE_FLAGS: readonly RecipeFlag[] = [
  {
    name: '--teacher',
    argument: '<name>',
    field: 'teacher',
    help: 'a teacher by name, or auto',
    read: asText,
  },
  {
    name: '--regime',
    argument: '<regime>',
    field: 'regime',
    help: 'what to train: auto, head-only, blocks:1 to blocks:7, or full',
    read: asText,
  },
  {
    name: '--prefer',
    argument: '<what>',
    field: 'prefer',
    help: 'accuracy, or cost for a faster student',
    read: asText,
  },
  {
    name: '--validation-split',
    argument: '<fraction>',
    field: 'split.validation',
    help: 'fraction of each class for validation',
    read: asNumber,
  },
  {
    name: '--test-split',
    argument: '<fraction>',
    field: 'split.test',
    help: 'fraction of each class for the final test',
    read: asNumber,
  },
  {
    name: '--class-weights',
    argument: '<which>',
    field: 'class_weights',
    help: 'auto (rare classes count more) or none',
    read: asText,
  },
  {
    name: '--augmentation',
    argument: '<list>',
    field: 'augmentation',
    help: 'auto, none, or any of flip,crop,colour',
    read: asAugmentation,
    takes: 'auto, none, or a comma-separated list of flip, crop and colour',
    note: 'what the list leaves out is off, unless it has `auto` or a `no-` form: `auto,colour` and `no-flip` change only what they name',
    guess: guessedAugmentation,
  },
  {
    name: '--px',
    argument: '<pixels>',
    field: 'input_px',
    help: 'height and width of the images, 64 to 512',
    read: asNumber,
  },
  {
    name: '--refit',
    field: 'refit',
    help: 'train again on all images after the test',
    negatedHelp: 'publish the student as it was tested',
    read: (typed) => typed === '--refit',
  },
  {
    name: '--minutes',
    argument: '<number>',
    field: 'budget.minutes',
    help: 'longest time of the training job',
    read: asNumber,
  },
  {
    name: '--dollars',
    argument: '<number>',
    field: 'budget.dollars',
    help: 'highest cost of the training job on AWS',
    read: asNumber,
  },
  {
    name: '--instance-types',
    argument: '<list>',
    field: 'instance_types',
    help: 'SageMaker instance types, comma-separated, in order of preference',
    read: listOf,
    takes: 'one to five SageMaker instance types, comma-separated, such as ml.g4dn.xlarge',
  },
  {
    name: '--seed',
    argument: '<integer>',
    field: 'seed',
    help: 'start of all random choices',
    read: asNumber,
  },
];

/** A flag as it was typed. */
export interface GivenFlag extends RecipeFlag {
  typed: readonly string[]; // its values; more than one if it was given again
}

const GROUP = 'Recipe (these override dataset.json; docs/recipe.md explains each):';

/** Adds the flags of the recipe to a command. */
export function addRecipeFlags(command: Command): Command {
  for (const flag of RECIPE_FLAGS) {
    const { name, argument, help, negatedHelp } = flag;
    command.addOption(optionFor(flag, argument === undefined ? name : `${name} ${argument}`, help));
    if (negatedHelp !== undefined)
      command.addOption(optionFor(flag, name.replace(/^--/, '--no-'), negatedHelp));
  }
  return command;
}

/** An option whose value is the list of everything that was typed for it. */
function optionFor({ name, argument }: RecipeFlag, flags: string, help: string): Option {
  return new Option(flags, help)
    .helpGroup(GROUP)
    .argParser((typed: string | undefined, before: readonly string[] | undefined) => {
      const value = argument === undefined ? flags : (typed ?? '');
      // Commander takes the next word as the value, whatever it is.
      if (argument !== undefined && (value === '' || /^--?[a-z]/i.test(value)))
        throw new CliError(EXIT.usage, `${name} needs a value${value && ` before ${value}`}.`);
      return [...(before ?? []), value];
    });
}

/** The flags that were given, in the order of the recipe's fields. */
export const givenFlags = (options: Readonly<Record<string, unknown>>): GivenFlag[] =>
  RECIPE_FLAGS.flatMap((flag) => {
    const typed = options[new Option(flag.name).attributeName()];
    return Array.isArray(typed) ? [{ ...flag, typed }] : [];
  });
