import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRecipe } from '#core/parse-recipe.ts';

const teachers = new Map([
  ['efficientnet-lite0', { blockOutputs: [1, 2, 3, 4, 5, 6, 7] }],
  ['efficientnet-lite1', { blockOutputs: [1, 2, 3, 4, 5, 6, 7] }],
]);
const codes = (text: string | undefined) =>
  parseRecipe(text, 'dataset.json', teachers).problems.map(({ code }) => code);

describe('parseRecipe', () => {
  it('never throws, whatever JSON it is given', () => {
    const key = fc.constantFrom('task', 'regime', 'split', 'budget', 'toString', '__proto__', 'x');
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'medium' },
        fc.jsonValue(),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.array(fc.tuple(key, tie('tree')), { maxLength: 4 }).map(Object.fromEntries),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const { problems } = parseRecipe(JSON.stringify(value), 'dataset.json', teachers);
        expect(problems.every(({ what }) => what.length > 0)).toBe(true);
      }),
    );
  });

  it.each(['task', 'regime', 'x'])('bears a %s that is nested deeply', (field) => {
    const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
    expect(codes(`{"${field}":${deep}}`)).toHaveLength(1);
  });

  it('fills in every default when nothing is written', () => {
    const { recipe, problems } = parseRecipe(undefined, 'dataset.json', teachers);

    expect(problems).toEqual([]);
    expect(recipe).toEqual({
      task: 'image',
      teacher: 'auto',
      regime: 'auto',
      prefer: 'accuracy',
      split: { validation: 0.1, test: 0.1 },
      class_weights: 'auto',
      augmentation: 'auto',
      budget: {}, // whose minutes are the pipeline's
      seed: 1,
    });
  });

  it.each([
    { teacher: 'auto' },
    { teacher: 'efficientnet-lite1', input_px: 64 },
    { input_px: 301 },
    { input_px: 512 },
    { prefer: 'cost', refit: false },
    { budget: { dollars: 2 } },
  ])('accepts %j', (written) => {
    const { recipe, problems } = parseRecipe(JSON.stringify(written), 'dataset.json', teachers);

    expect(problems).toEqual([]);
    expect(recipe).toMatchObject(written);
  });

  it('names all problems at once', () => {
    expect(codes('{"seed": -1, "split": {"test": 2}, "epochs": 3}')).toHaveLength(3);
  });

  it('names what cannot be done beside what is written wrongly', () => {
    expect(codes('{"regime": "full", "teacher": "resnet", "epochs": 3}')).toEqual([
      'TEACHER_UNKNOWN',
      'RECIPE_FIELD',
    ]);
  });

  it('names an unknown teacher, and a regime that no teacher could fulfil', () => {
    const unknown = { teacher: 'resnet' };
    const impossible = codes(JSON.stringify({ ...unknown, regime: 'blocks:8' }));
    expect(impossible.sort()).toEqual(['REGIME_BLOCKS', 'TEACHER_UNKNOWN']);
    expect(codes(JSON.stringify({ ...unknown, regime: 'blocks:7' }))).toEqual(['TEACHER_UNKNOWN']);
  });

  it.each(['auto', 'head-only', 'blocks:1', 'blocks:7', 'full'])(
    'takes the regime %s',
    (regime) => {
      expect(codes(JSON.stringify({ regime }))).toEqual([]);
    },
  );

  it.each(['text', 'reinforcement-learning', 'detection', 'segmentation', 'regression', 'poetry'])(
    'refuses the task %s with a sentence',
    (task) => {
      const { problems } = parseRecipe(JSON.stringify({ task }), 'dataset.json', teachers);

      expect(problems[0]?.code).toBe('TASK_NOT_SUPPORTED');
      expect(problems[0]?.what).toContain(`"${task}"`);
    },
  );

  it.each([
    ['{"regime": "blocks:8"}', 'REGIME_BLOCKS'],
    ['{"augmentation": {"flips": true}}', 'RECIPE_FIELD'],
    ['{"augmentation": "flip"}', 'RECIPE_FIELD'],
    ['{"regime": "blocks:0"}', 'RECIPE_FIELD'],
    ['{"teacher": "resnet"}', 'TEACHER_UNKNOWN'],
    ['{"input_px": 63}', 'RECIPE_FIELD'],
    ['{"input_px": 513}', 'RECIPE_FIELD'],
    ['{"teacher": "auto", "regime": "blocks:8"}', 'REGIME_BLOCKS'],
    ['{', 'RECIPE_NOT_JSON'],
    ['[]', 'RECIPE_FIELD'],
    ['null', 'RECIPE_FIELD'],
  ])('answers %s with %s', (text, code) => {
    expect(codes(text)).toEqual([code]);
  });

  it.each([
    [
      { regime: 'half' },
      '"regime" must be "auto", "head-only", "blocks:1" to "blocks:7" or "full", not "half".',
    ],
    [
      { regime: 2 },
      '"regime" must be "auto", "head-only", "blocks:1" to "blocks:7" or "full", not 2. Did you mean "blocks:2"?',
    ],
    [{ seed: -1 }, '"seed" must be an integer from 0 to 2147483647, not -1.'],
    [{ input_px: 7.5 }, '"input_px" must be an integer from 64 to 512, not 7.5.'],
    [
      { budget: { minutes: '60' } },
      '"budget.minutes" must be an integer from 1 to 1440, not "60". Did you mean 60?',
    ],
    [{ budget: { dollars: 0 } }, '"budget.dollars" must be a number above 0, not 0.'],
    [{ split: { test: 2 } }, '"split.test" must be a number from 0.05 to 0.4, not 2.'],
    [{ class_weights: 'even' }, '"class_weights" must be "auto" or "none", not "even".'],
    [
      { augmentation: 'flip' },
      '"augmentation" must be "auto", "none", or an object with "flip", "crop" and "colour", not "flip".',
    ],
    [{ augmentation: { flip: 1 } }, '"augmentation.flip" must be true or false, not 1.'],
    [
      { augmentation: { flips: true } },
      'There is no field "augmentation.flips". Did you mean "flip"?',
    ],
    [
      { instance_types: ['g5'] },
      '"instance_types" must be a list of one to five SageMaker instance types, such as "ml.g4dn.xlarge", not "g5".',
    ],
    [{ teacher: null }, '"teacher" must be "auto" or the name of a teacher, not null.'],
    [{ prefer: 'speed' }, '"prefer" must be "accuracy" or "cost", not "speed".'],
    [{ refit: 'yes' }, '"refit" must be true or false, not "yes".'],
    [{ sede: 1 }, 'There is no field "sede".'],
    [{ regim: 'auto' }, 'There is no field "regim". Did you mean "regime"?'],
    [{ epochs: 3 }, 'There is no field "epochs".'],
    [
      { regime: 'block:2' },
      '"regime" must be "auto", "head-only", "blocks:1" to "blocks:7" or "full", not "block:2". Did you mean "blocks:2"?',
    ],
    [
      { regime: 'blocks:0' },
      '"regime" must be "auto", "head-only", "blocks:1" to "blocks:7" or "full", not "blocks:0".',
    ],
    [{ prefer: 'Cost' }, '"prefer" must be "accuracy" or "cost", not "Cost". Did you mean "cost"?'],
    [{ refit: 'true' }, '"refit" must be true or false, not "true". Did you mean true?'],
    [
      { instance_types: ['ml.g5.xlarge', 'g4dn.xlarge'] },
      '"instance_types" must be a list of one to five SageMaker instance types, such as "ml.g4dn.xlarge", not "g4dn.xlarge". Did you mean "ml.g4dn.xlarge"?',
    ],
    [
      { instance_types: 'ml.g5.xlarge' },
      '"instance_types" must be a list of one to five SageMaker instance types, such as "ml.g4dn.xlarge", not "ml.g5.xlarge". Did you mean ["ml.g5.xlarge"]?',
    ],
    [{ teacher: 5 }, '"teacher" must be "auto" or the name of a teacher, not 5.'],
    [{ teacher: 'lite1' }, 'There is no teacher "lite1". Did you mean "efficientnet-lite1"?'],
    [{ minuts: 3 }, 'There is no field "minuts". Did you mean "minutes" inside "budget"?'],
    [{ px: 160 }, 'There is no field "px". Did you mean "input_px"?'],
    [
      { 'class-weights': 'none' },
      'There is no field "class-weights". Did you mean "class_weights"?',
    ],
    [{ constructor: 1 }, 'There is no field "constructor".'],
    [
      { seed: { toString: 1 } },
      '"seed" must be an integer from 0 to 2147483647, not {"toString":1}.',
    ],
    [[], 'The recipe must be a JSON object, such as {"seed": 3}, not [].'],
    ['fast', 'The recipe must be a JSON object, such as {"seed": 3}, not "fast".'],
    [
      { task: { toString: 1 } },
      'The task {"toString":1} is not supported: the only task is "image".',
    ],
    [{ task: 'constructor' }, 'The task "constructor" is not supported: the only task is "image".'],
  ])('says of %j: %s', (written, what) => {
    const { problems } = parseRecipe(JSON.stringify(written), 'dataset.json', teachers);

    expect(problems.map((each) => each.what)).toEqual([what]);
  });

  it('names the fields that there are', () => {
    const [found] = parseRecipe('{"split": {"train": 1}}', 'dataset.json', teachers).problems;

    expect(found?.where).toBe('dataset.json:1:12, split.train');
    expect(found?.remedy).toBe('Rename or remove it; the fields are validation, test.');
  });

  it('says where each key or value is, in lines and columns', () => {
    const text = '{\r\n\t"seed": -1,\r\n\t"split": { "test": 2, "train": 1 }\r\n}';

    const { problems } = parseRecipe(text, 'datasets/pets.json', teachers);

    expect(problems.map(({ where }) => where)).toEqual([
      'datasets/pets.json:2:10, seed', // the value
      'datasets/pets.json:3:21, split.test',
      'datasets/pets.json:3:24, split.train', // the key
    ]);
  });

  it('says where a field is that the deployment refuses', () => {
    const parsed = parseRecipe('{"budget": {"dollars": 0.01}}', 'pets.json', teachers);

    expect(parsed.whereIs('budget.dollars')).toBe('pets.json:1:24, budget.dollars');
    expect(parsed.whereIs('budget.minutes')).toBe('pets.json:1:12, budget.minutes');
  });

  it('says where and why a text is not JSON, without the words of the JavaScript engine', () => {
    const [found] = parseRecipe('{\n  "seed": 1,\n}', 'pets.json', teachers).problems;

    expect(found).toEqual({
      code: 'RECIPE_NOT_JSON',
      where: 'pets.json:2:12',
      what: 'The recipe is not valid JSON. JSON allows no comma before }; remove this one.',
      remedy: 'Correct it, or remove the recipe: every field is optional.',
    });
  });

  it('refuses a key that is given twice', () => {
    const { problems } = parseRecipe('{"seed": 1,\n"seed": 2}', 'pets.json', teachers);

    expect(problems).toMatchObject([
      { where: 'pets.json:2:1, seed', what: '"seed" is given twice, first in line 1.' },
    ]);
  });

  it('accepts a byte order mark and "$schema", which is no part of the recipe', () => {
    const text = '\uFEFF{"$schema": "recipe.schema.json", "seed": 2}';

    const { recipe, problems } = parseRecipe(text, 'pets.json', teachers);

    expect(problems).toEqual([]);
    expect(recipe).toEqual({ ...parseRecipe('{"seed": 2}', 'pets.json', teachers).recipe });
    expect(codes('{"$schema": 3}')).toEqual(['RECIPE_FIELD']);
  });

  it('takes keys that begin with // for comments, also in fields and more than once', () => {
    const text =
      '{"//": "a", "//": ["b"], "// seed": 1, "seed": 2, "split": {"//": {}, "test": 0.2}}';

    const { recipe, problems } = parseRecipe(text, 'pets.json', teachers);

    expect(problems).toEqual([]);
    expect(recipe).toMatchObject({ seed: 2, split: { test: 0.2 } });
    expect(recipe).not.toHaveProperty('//');
    expect(codes('{"/ seed": 1}')).toEqual(['RECIPE_FIELD']);
    expect(codes('{"//": 1, "seed": 1, "seed": 2}')).toEqual(['RECIPE_FIELD']);
  });

  it.each([
    ['a number that no computer holds', '{"input_px": 1e999}', 'not Infinity.'],
    ['a recipe of 70 kB', `{"seed": ${' '.repeat(70_000)}1}`, 'longer than 64 kB'],
    ['brackets without end', '['.repeat(60_000), 'nested too deeply'],
    ['the prototype', '{"__proto__": {"seed": 2}}', 'There is no field "__proto__".'],
    ['a terminal sequence', '{"\\u001b[2J": 1}', 'There is no field "\\u001b[2J".'],
  ])('refuses %s', (_, text, sentence) => {
    const { problems } = parseRecipe(text, 'pets.json', teachers);

    expect(problems.map(({ what }) => what)).toEqual([expect.stringContaining(sentence)]);
  });

  it('names thousands of unknown fields in a moment', () => {
    const keys = Array.from({ length: 4_000 }, (_, i) => `"k${i}": 1`);

    expect(codes(`{${keys.join(',\n')}}`)).toHaveLength(4_000);
  });
});
