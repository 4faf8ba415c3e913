import { describe, expect, it } from 'vitest';
import { describeCost, expectedCost } from '#cli/expected-cost.ts';
import { Recipe } from '#core/recipe.ts';

const told = (recipe: object, images: number) =>
  describeCost(expectedCost(Recipe.parse(recipe), images, 4)).join('\n');

describe('describeCost', () => {
  it('gives the time from the cheapest plan to the budget, and the highest price', () => {
    expect(told({}, 1_000)).toBe(
      [
        'Training would take, on this machine: from about 20 s (if only the head is trained; measured on 2 cores) to at most 10 min, the budget (40 min of processor time on 4 cores).',
        'On AWS, with the default settings: at most $1.41 (60 minutes of ml.g5.xlarge, on-demand price in us-east-1 as of 2026-11-25).',
        'How long within these limits is measured on the images; "train" says it before it spends it.',
      ].join('\n'),
    );
  });

  it('follows the budget of the recipe', () => {
    const recipe = { budget: { minutes: 5, dollars: 0.1 }, instance_types: ['ml.g4dn.xlarge'] };
    expect(told(recipe, 100)).toContain('to at most 5 min, the budget');
    expect(told(recipe, 100)).toContain('at most $0.06 (5 minutes of ml.g4dn.xlarge');
    expect(told({ budget: { dollars: 0.5 } }, 100)).toContain('at most $0.50 (');
  });

  it('says that a budget is too small for so many images, and that a price is unknown', () => {
    const text = told({ budget: { minutes: 2 }, instance_types: ['ml.p9.huge'] }, 100_000);
    expect(text).toContain('the budget of 2 min is probably too small: it takes about 15 min');
    expect(text).toContain('the price of the instances is unknown');
  });
});
