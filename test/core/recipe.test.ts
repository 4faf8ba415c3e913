import { describe, expect, it } from 'vitest';
import { augmentationOf, Recipe, retrainedBlocks, teachersFor } from '#core/recipe.ts';

describe('a recipe', () => {
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
      const recipe = Recipe.parse({ augmentation });

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
