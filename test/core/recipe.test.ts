import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { augmentationOf, parseRecipe, retrainedBlocks, teachersFor } from '#core/recipe.ts';

const teachers = new Map([
  ['efficientnet-lite0', { blockOutputs: [1, 2, 3, 4, 5, 6, 7] }],
  ['efficientnet-lite1', { blockOutputs: [1, 2, 3, 4, 5, 6, 7] }],
]);
const codes = (text: string | undefined) =>
  parseRecipe(text, 'dataset.json', teachers).problems.map(({ code }) => code);

describe('parseRecipe', () => {
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
      'RECIPE_FIELD',
      'TEACHER_UNKNOWN',
    ]);
  });

  it.each(['auto', 'head-only', 'blocks:1', 'blocks:7', 'full'])(
    'takes the regime %s',
    (regime) => {
      expect(codes(JSON.stringify({ regime }))).toEqual([]);
    },
  );

  it.each([
    ['auto', false, { flip: false, crop: true, colour: false }],
    ['auto', true, { flip: true, crop: true, colour: false }],
    ['none', true, undefined],
    [{ flip: true }, false, { flip: true, crop: true, colour: false }],
    [{ flip: false }, true, { flip: false, crop: true, colour: false }],
    [{ crop: false }, false, undefined],
  ])(
    'reads the augmentation %j, where images may be mirrored: %j, as %j',
    (augmentation, mayFlip, how) => {
      const text = JSON.stringify({ augmentation });
      const { recipe } = parseRecipe(text, 'dataset.json', teachers);

      expect(augmentationOf(recipe, mayFlip)).toEqual(how);
    },
  );

  it.each([
    ['auto', 0],
    ['head-only', 0],
    ['blocks:3', 3],
    ['full', 7],
  ])('lets %s retrain %i of seven blocks', (regime, blocks) => {
    expect(retrainedBlocks(regime, 7)).toBe(blocks);
  });

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
      '"regime" must be "auto", "head-only", "full" or "blocks:1" to "blocks:7", not "half".',
    ],
    [
      { regime: 2 },
      '"regime" must be "auto", "head-only", "full" or "blocks:1" to "blocks:7", not 2.',
    ],
    [{ seed: -1 }, '"seed" must be an integer from 0 to 2147483647, not -1.'],
    [{ input_px: 7.5 }, '"input_px" must be an integer from 64 to 512, not 7.5.'],
    [
      { budget: { minutes: '60' } },
      '"budget.minutes" must be an integer from 1 to 1440, not "60".',
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
    [[], 'The recipe must be a JSON object, not [].'],
    [
      { task: { toString: 1 } },
      'The task {"toString":1} is not supported: the only task is "image".',
    ],
    [{ task: 'constructor' }, 'The task "constructor" is not supported: the only task is "image".'],
  ])('says of %j: %s', (written, what) => {
    const { problems } = parseRecipe(JSON.stringify(written), 'dataset.json', teachers);

    expect(problems.map((each) => each.what)).toEqual([what]);
  });

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

  it('names the fields that there are', () => {
    const [found] = parseRecipe('{"split": {"train": 1}}', 'dataset.json', teachers).problems;

    expect(found?.where).toBe('dataset.json, split.train');
    expect(found?.remedy).toBe('Rename or remove it; the fields are validation, test.');
  });
});

describe('teachersFor', () => {
  const catalogue = new Map(['small', 'large'].map((name) => [name, { name }]));

  it.each([
    ['auto', ['small', 'large']],
    ['large', ['large']],
    ['resnet', []],
  ])('gives those that %s allows', (teacher, names) => {
    expect(teachersFor({ teacher }, catalogue).map(({ name }) => name)).toEqual(names);
  });
});
