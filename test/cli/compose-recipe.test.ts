import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { composeRecipe } from '#cli/compose-recipe.ts';
import { addRecipeFlags, givenFlags } from '#cli/recipe-flags.ts';
import { TEACHERS } from '#teachers/catalogue.ts';

/** Composes a recipe from the text of `pets/dataset.json` and a command line. */
function compose(text: string | undefined, line: string) {
  const command = addRecipeFlags(new Command().exitOverride());
  const words = line === '' ? [] : line.split(' ');
  const flags = givenFlags(command.parse(words, { from: 'user' }).opts());
  const file = text === undefined ? undefined : { path: 'pets/dataset.json', text };
  return composeRecipe({ file, flags }, TEACHERS);
}

const recipeOf = (text: string | undefined, line: string) =>
  JSON.parse(compose(text, line).text ?? 'null');

function problemsOf(text: string | undefined, line: string): string[] {
  try {
    compose(text, line);
    return [];
  } catch (error) {
    expect(error).toMatchObject({ name: 'CliError', exit: 3 });
    return (error as Error).message.split('\n').slice(1);
  }
}

describe('a recipe by flags', () => {
  it('has every field that a command line sets', () => {
    const line =
      '--teacher efficientnet-lite1 --regime blocks:2 --prefer cost --validation-split .15 --test-split 0.2 ' +
      '--class-weights none --augmentation none --px 160 --no-refit --minutes 20 --dollars 1.5 ' +
      '--instance-types ml.g5.xlarge,ml.g4dn.xlarge --seed 3';

    expect(recipeOf(undefined, line)).toEqual({
      teacher: 'efficientnet-lite1',
      regime: 'blocks:2',
      prefer: 'cost',
      split: { validation: 0.15, test: 0.2 },
      class_weights: 'none',
      augmentation: 'none',
      input_px: 160,
      refit: false,
      budget: { minutes: 20, dollars: 1.5 },
      instance_types: ['ml.g5.xlarge', 'ml.g4dn.xlarge'],
      seed: 3,
    });
  });

  it.each([
    ['auto', 'auto'],
    ['flip', { flip: true, crop: false, colour: false }],
    ['crop,colour', { flip: false, crop: true, colour: true }],
    ['auto,colour', { colour: true }],
    ['no-flip', { flip: false }],
  ])('reads --augmentation %s as %j', (typed, augmentation) => {
    expect(recipeOf(undefined, `--augmentation ${typed}`)).toEqual({ augmentation });
  });

  it('overrides the file, and says what', () => {
    const file = '{ "seed": 1, "regime": "full", "budget": { "dollars": 2 } }';

    const { text, notice } = compose(file, '--regime blocks:2 --seed 1 --minutes 5 --px 96');

    expect(JSON.parse(text ?? '')).toEqual({
      seed: 1,
      regime: 'blocks:2',
      budget: { dollars: 2, minutes: 5 },
      input_px: 96,
    });
    expect(notice).toBe('Flags override pets/dataset.json: --regime "blocks:2" instead of "full".');
  });

  it('is no recipe without flags and file, and the file as it is without flags', () => {
    expect(compose(undefined, '')).toEqual({ text: undefined });
    expect(compose('\uFEFF{ "seed":2}', '')).toEqual({ text: '\uFEFF{ "seed":2}' });
    expect(compose('{ "seed":2}', '--seed 2')).toEqual({ text: '{ "seed":2}' });
  });

  it('repairs what is wrong in the file', () => {
    expect(recipeOf('{ "seed": "one", "seed": 2 }', '--seed 3')).toEqual({ seed: 3 });
  });
});

describe('a recipe that is rejected', () => {
  it('names each flag, what it takes, and what was probably meant', () => {
    const line =
      '--teacher lite1 --regime block:2 --prefer speed --test-split 2 --class-weights None ' +
      '--augmentation flips,color --px NaN --minutes -5 --instance-types g5.xlarge,ml.g5.xlarge --seed 1 --seed 2';

    expect(problemsOf(undefined, line)).toEqual([
      '  --seed is given as 1 and 2; give one.',
      '  --teacher: There is no teacher "lite1". Did you mean "efficientnet-lite1"? Choose one of: auto, efficientnet-lite0, efficientnet-lite1, efficientnet-lite2.',
      '  --regime must be auto, head-only, blocks:1 to blocks:7 or full, not "block:2". Did you mean "blocks:2"?',
      '  --prefer must be accuracy or cost, not "speed".',
      '  --test-split must be a number from 0.05 to 0.4, not 2.',
      '  --class-weights must be auto or none, not "None". Did you mean "none"?',
      '  --augmentation must be auto, none, or a comma-separated list of flip, crop and colour, not "flips,color". Did you mean "flip,colour"?',
      '  --px must be an integer from 64 to 512, not "NaN".',
      '  --minutes must be an integer from 1 to 1440, not -5.',
      '  --instance-types must be one to five SageMaker instance types, comma-separated, such as ml.g4dn.xlarge, not "g5.xlarge". Did you mean "ml.g5.xlarge"?',
    ]);
  });

  it.each(['1e999', '160px', '0x60', '1e2.5', '96,5'])('takes no --px %s', (typed) => {
    expect(problemsOf(undefined, `--px ${typed}`)).toEqual([
      expect.stringMatching(/^ {2}--px must be an integer from 64 to 512, not /),
    ]);
  });

  it.each([
    ['--refit --no-refit', ['  --refit and --no-refit contradict each other; give one.']],
    ['--no-refit --no-refit --seed 2 --seed 2', []],
  ])('takes a flag again only if it says the same: %s', (line, problems) => {
    expect(problemsOf(undefined, line)).toEqual(problems);
  });

  it('shows the place in the file', () => {
    const file = '{\n  "regime": "block:2",\n  "sede": 1\n}';

    expect(problemsOf(file, '')).toEqual([
      '  pets/dataset.json:2:13: "regime" must be "auto", "head-only", "blocks:1" to "blocks:7" or "full", not "block:2". Did you mean "blocks:2"?',
      '    2 |   "regime": "block:2",',
      '      |             ^',
      '  pets/dataset.json:3:3: There is no field "sede". Rename or remove it; the fields are task, teacher, regime, prefer, split, class_weights, augmentation, input_px, refit, budget, instance_types, seed, again.',
      '    3 |   "sede": 1',
      '      |   ^',
    ]);
  });

  it('shows where the file is not JSON, and the faults of the flags with it', () => {
    expect(problemsOf('{ "seed": 1,\n  regime: "full" }', '--px 1')).toEqual([
      '  --px must be an integer from 64 to 512, not 1.',
      '  pets/dataset.json:2:3: The recipe is not valid JSON. Keys must be in double quotes: "regime". Correct it, or remove the recipe: every field is optional.',
      '    2 |   regime: "full" }',
      '      |   ^',
    ]);
  });

  it.each(['[]', '"fast"', 'null'])('is %s', (text) => {
    expect(problemsOf(text, '--seed 2')[0]).toMatch(
      /^ {2}pets\/dataset\.json:1:1: The recipe must be a JSON object, such as \{"seed": 3\}, not /,
    );
  });

  it('is shown in part if it has many faults', () => {
    const keys = Array.from({ length: 100 }, (_, i) => `"key${i}": 1`);

    expect(problemsOf(`{${keys.join(',\n')}}`, '').at(-1)).toBe('  … and 80 more.');
  });
});

describe('a flag without its value', () => {
  it.each([
    ['--px --minutes 20', '--px needs a value before --minutes.'],
    ['--regime=', '--regime needs a value.'],
  ])('is refused: %s', (line, message) => {
    expect(() => compose(undefined, line)).toThrow(
      expect.objectContaining({ name: 'CliError', exit: 2, message }),
    );
  });
});
