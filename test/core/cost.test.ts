import { describe, expect, it } from 'vitest';
import {
  budgetOf,
  budgetProblems,
  costAtMost,
  dollarsFor,
  hasGpu,
  instanceTypesFor,
  longestRunSeconds,
} from '#core/cost.ts';

const whereIs = (field: string) => `datasets/pets.json, ${field}`;
const ALLOWED = ['ml.g4dn.xlarge', 'ml.g5.xlarge'];

describe('what a training may cost', () => {
  it('is an hour of the dearest instance that it may get', () => {
    expect(costAtMost(ALLOWED, { minutes: 60 })).toMatchObject({
      instanceType: 'ml.g5.xlarge',
      seconds: 3600,
      dollars: 1.408,
    });
  });

  it('is at most the dollars of the budget, whichever instance it gets', () => {
    for (const type of ALLOWED) {
      const seconds = longestRunSeconds(type, { minutes: 60, dollars: 0.5 });
      expect(dollarsFor(type, seconds)).toBeLessThanOrEqual(0.5);
      expect(dollarsFor(type, seconds + 1)).toBeGreaterThan(0.5);
    }
    expect(longestRunSeconds('ml.g4dn.xlarge', { minutes: 1, dollars: 0.5 })).toBe(60);
  });

  it('is not known of an instance without a price, and is then limited by minutes alone', () => {
    expect(costAtMost(['ml.local.cpu'], { minutes: 60 })).toBeUndefined();
    expect(costAtMost(['ml.g5.xlarge', 'ml.p9.huge'], { minutes: 60 })).toBeUndefined();
    expect(longestRunSeconds('ml.local.cpu', { minutes: 2, dollars: 0.01 })).toBe(120);
  });
});

describe('the budget of a recipe', () => {
  it.each([
    [{}, { minutes: 10 }],
    [{ minutes: 90 }, { minutes: 90 }],
    [{ dollars: 2 }, { minutes: 10, dollars: 2 }],
  ])('%j is, where ten minutes are the default, %j', (budget, limits) => {
    expect(budgetOf({ budget }, 10)).toEqual(limits);
  });
});

describe('the instance types of a recipe', () => {
  it('are taken in its order as far as they are allowed, else all that are', () => {
    const asked = ['ml.g5.xlarge', 'ml.p9.huge', 'ml.g4dn.xlarge'];
    expect(instanceTypesFor({ instance_types: asked }, ALLOWED)).toEqual([asked[0], asked[2]]);
    expect(instanceTypesFor({ instance_types: ['ml.p9.huge'] }, ALLOWED)).toEqual(ALLOWED);
    expect(instanceTypesFor({}, ALLOWED)).toEqual(ALLOWED);
  });

  it.each([
    [{ instance_types: ['ml.p9.huge'], budget: { minutes: 60 } }, ['INSTANCE_TYPE']],
    [{ budget: { minutes: 60, dollars: 0.05 } }, ['BUDGET', 'BUDGET']],
    [{ budget: { minutes: 60, dollars: 0.1 } }, ['BUDGET']], // enough for the first of the two
    [{ budget: { minutes: 60, dollars: 0.12 } }, []],
    [{ instance_types: ['ml.g4dn.xlarge'], budget: { minutes: 60, dollars: 0.1 } }, []],
  ])('and the budget: of %j, %j', (recipe, codes) => {
    const problems = budgetProblems(recipe, whereIs, ALLOWED);

    expect(problems.map(({ code }) => code)).toEqual(codes);
  });

  it('cannot be kept to a budget in dollars where their price is not known', () => {
    const recipe = { budget: { minutes: 60, dollars: 5 } };
    expect(budgetProblems(recipe, whereIs, ['ml.p9.huge'])[0]?.what).toContain('ml.p9.huge');
  });
});

describe('hasGpu', () => {
  it.each(['ml.g4dn.xlarge', 'ml.g5.xlarge', 'ml.gr6.4xlarge', 'ml.p5.48xlarge'])(
    'is true of %s',
    (type) => expect(hasGpu(type)).toBe(true),
  );
  it.each(['ml.m5.xlarge', 'ml.c7g.large', 'ml.local.cpu'])('is false of %s', (type) =>
    expect(hasGpu(type)).toBe(false),
  );
});
