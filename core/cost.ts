import * as z from 'zod';
import { type Problem, problem } from './problem.ts';
import type { Recipe } from './recipe.ts';

/** The day of the prices below. */
export const PRICES_OF = '2026-11-25';

/**
 * SageMaker training on demand in us-east-1, US dollars an hour, as public price lists quoted it on that day; other
 * regions differ by some ten per cent. For estimates: the bill is AWS's.
 */
const DOLLARS_PER_HOUR: Record<string, number> = {
  'ml.m5.xlarge': 0.23,
  'ml.m5.2xlarge': 0.461,
  'ml.c5.xlarge': 0.204,
  'ml.c5.2xlarge': 0.408,
  'ml.g4dn.xlarge': 0.736,
  'ml.g5.xlarge': 1.408,
};

/** What a training costs at most, before it starts. */
export const Estimate = z.object({
  instanceType: z.string(), // the dearest of those that may be taken
  seconds: z.int(), // then SageMaker stops it
  dollars: z.number(), // on demand; spot costs less
  pricesOf: z.iso.date(),
});
export type Estimate = z.infer<typeof Estimate>;

/** @returns US dollars; `undefined` where the table knows no price, as for one's own machine */
export function dollarsFor(instanceType: string, seconds: number): number | undefined {
  const perHour = DOLLARS_PER_HOUR[instanceType];
  return perHour === undefined ? undefined : (perHour * seconds) / 3600;
}

/** How long a training may run on a type of instance: the budget's minutes, or its dollars if those end first. */
export function longestRunSeconds(instanceType: string, budget: Recipe['budget']): number {
  const seconds = budget.minutes * 60;
  const perSecond = dollarsFor(instanceType, 1);
  if (budget.dollars === undefined || perSecond === undefined) return seconds;
  return Math.min(seconds, Math.floor(budget.dollars / perSecond));
}

/** @returns `undefined` where a price is not known */
export function costAtMost(
  instanceTypes: readonly string[],
  budget: Recipe['budget'],
): Estimate | undefined {
  const estimates = instanceTypes.map((instanceType) => {
    const seconds = longestRunSeconds(instanceType, budget);
    const dollars = dollarsFor(instanceType, seconds);
    return dollars === undefined
      ? undefined
      : { instanceType, seconds, dollars: Number(dollars.toFixed(4)), pricesOf: PRICES_OF };
  });
  if (estimates.some((each) => each === undefined)) return undefined;
  const known = estimates.filter((each) => each !== undefined);
  return known.sort((a, b) => b.dollars - a.dollars)[0];
}

/** The instance types that a job may take, in the order of preference: the recipe's, as far as they are allowed here. */
export function instanceTypesFor(
  recipe: Pick<Recipe, 'instance_types'>,
  allowed: readonly string[],
): readonly string[] {
  const wanted = recipe.instance_types?.filter((type) => allowed.includes(type)) ?? [];
  return wanted.length > 0 ? wanted : allowed;
}

const LEAST_SECONDS = 300; // chosen: an instance has hardly begun before

/** What of a recipe this deployment does not allow, or cannot keep to. */
export function budgetProblems(
  recipe: Pick<Recipe, 'budget' | 'instance_types'>,
  file: string,
  allowed: readonly string[],
): Problem[] {
  const foreign = recipe.instance_types?.filter((type) => !allowed.includes(type)) ?? [];
  const problems = foreign.map((type) =>
    problem(
      'INSTANCE_TYPE',
      `${file}, instance_types`,
      `${type} is not among the instance types of this deployment.`,
      `Choose from ${allowed.join(', ')}, leave instance_types out, or ask whoever deploys to add it.`,
    ),
  );
  const { dollars } = recipe.budget;
  if (dollars === undefined) return problems;

  for (const type of instanceTypesFor(recipe, allowed)) {
    const perSecond = dollarsFor(type, 1);
    if (perSecond === undefined) {
      const what = `The price of ${type} is not known here, so that a budget in dollars cannot be kept.`;
      const remedy = 'Set budget.minutes instead, or choose other instance types.';
      problems.push(problem('BUDGET', `${file}, budget.dollars`, what, remedy));
    } else if (dollars < LEAST_SECONDS * perSecond) {
      const what = `${dollars} dollars buy ${Math.floor(dollars / perSecond)} seconds of ${type}; a training needs ${LEAST_SECONDS} at least.`;
      const remedy = `Set it to ${(Math.ceil(LEAST_SECONDS * perSecond * 100) / 100).toFixed(2)} or more, or leave it out.`;
      problems.push(problem('BUDGET', `${file}, budget.dollars`, what, remedy));
    }
  }
  return problems;
}
