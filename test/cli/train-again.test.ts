import { expect, it } from 'vitest';
import { againOf, trainTheSame, withAgain } from '#cli/train-again.ts';
import { checkRecipe } from '#core/check-recipe.ts';

it.each([
  [undefined, { again: 'now' }],
  ['{}', { again: 'now' }],
  ['\uFEFF{"seed": 3, "again": "then"}', { seed: 3, again: 'now' }],
])('makes another recipe of %j that trains the same', (recipe, expected) => {
  const again = withAgain(recipe, 'now');

  expect(JSON.parse(again)).toEqual(expected);
  expect(againOf(again)).toBe('now');
  expect(trainTheSame(recipe, again)).toBe(true);
});

it.each(['{', '[]', 'null', '3'])('leaves %s as it is', (recipe) => {
  expect(withAgain(recipe, 'now')).toBe(recipe);
  expect(trainTheSame(recipe, recipe)).toBe(false);
});

it('finds other recipes different', () => {
  expect(trainTheSame('{"seed": 3}', undefined)).toBe(false);
  expect(trainTheSame('{"seed": 3}', '{"seed": 4}')).toBe(false);
});

it('is a valid recipe, and the same but for that field', () => {
  const { recipe, faults } = checkRecipe(JSON.parse(withAgain(undefined, 'now')), new Map());

  expect(faults.filter(({ path }) => path[0] !== 'teacher')).toEqual([]);
  expect(recipe).toEqual({ ...checkRecipe({}, new Map()).recipe, again: 'now' });
});
