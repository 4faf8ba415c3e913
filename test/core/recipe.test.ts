import { describe, expect, it } from 'vitest';
import { parseRecipe } from '#core/recipe.ts';

const teachers = new Map([['efficientnet-lite0', { input: { px: 224 } }]]);
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
      'REGIME_NOT_YET',
    ]);
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
    ['{"regime": "blocks:2"}', 'REGIME_NOT_YET'],
    ['{"regime": "full"}', 'REGIME_NOT_YET'],
    ['{"regime": "blocks:0"}', 'RECIPE_FIELD'],
    ['{"teacher": "resnet"}', 'TEACHER_UNKNOWN'],
    ['{"input_px": 96}', 'INPUT_PX'],
    ['{', 'RECIPE_NOT_JSON'],
    ['[]', 'RECIPE_FIELD'],
    ['null', 'RECIPE_FIELD'],
  ])('answers %s with %s', (text, code) => {
    expect(codes(text)).toEqual([code]);
  });
});
