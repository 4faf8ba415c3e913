import { describe, expect, it } from 'vitest';
import { augmentationOf, parseRecipe, retrainedBlocks } from '#core/recipe.ts';

const teachers = new Map([
  ['efficientnet-lite0', { input: { px: 224 }, blockOutputs: [1, 2, 3, 4, 5, 6, 7] }],
]);
const codes = (text: string | undefined) =>
  parseRecipe(text, 'dataset.json', teachers).problems.map(({ code }) => code);

describe('parseRecipe', () => {
  it('fills in every default when nothing is written', () => {
    const { recipe, problems } = parseRecipe(undefined, 'dataset.json', teachers);

    expect(problems).toEqual([]);
    expect(recipe).toMatchObject({
      regime: 'auto',
      split: { validation: 0.1, test: 0.1 },
      seed: 1,
    });
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
    ['auto', { flip: false, crop: true, colour: true }],
    ['none', undefined],
    [{ flip: true }, { flip: true, crop: true, colour: true }],
    [{ crop: false, colour: false }, undefined],
  ])('reads the augmentation %j as %j', (augmentation, how) => {
    const text = JSON.stringify({ augmentation });

    expect(augmentationOf(parseRecipe(text, 'dataset.json', teachers).recipe)).toEqual(how);
  });

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
    ['{"input_px": 96}', 'INPUT_PX'],
    ['{', 'RECIPE_NOT_JSON'],
    ['[]', 'RECIPE_FIELD'],
    ['null', 'RECIPE_FIELD'],
  ])('answers %s with %s', (text, code) => {
    expect(codes(text)).toEqual([code]);
  });

  it.each([{ toString: 1 }, 'constructor', '__proto__', 7, null])(
    'refuses the task %j in a sentence',
    (task) => {
      const { problems } = parseRecipe(JSON.stringify({ task }), 'dataset.json', new Map());

      const [problem] = problems.filter(({ where }) => where === 'dataset.json, task');
      expect(problem?.code).toBe('TASK_NOT_SUPPORTED');
      expect(problem?.what).toContain('the only task is "image"');
    },
  );
});
