import * as z from 'zod';
import { type Problem, problem } from './problem.ts';
import type { Recipe } from './recipe.ts';

/** The date of the prices below. */
export const PRICES_OF = '2026-11-25';

/**
 * On-demand SageMaker training in us-east-1, US dollars per hour, from public price lists of that date; other regions
 * differ by about 10%. These are estimates: AWS's bill is what counts.
 */
const DOLLARS_PER_HOUR: Record<string, number> = {
  'ml.m5.xlarge': 0.23,
  'ml.m5.2xlarge': 0.461,
  'ml.c5.xlarge': 0.204,
  'ml.c5.2xlarge': 0.408,
  'ml.g4dn.xlarge': 0.736,
  'ml.g5.xlarge': 1.408,
};

/** Whether a SageMaker instance type has an NVIDIA GPU: g4dn, g5, g6, g6e, gr6, p3, p4d, p5, … */
export const hasGpu = (instanceType: string): boolean => /^ml\.(?:g|gr|p)\d/.test(instanceType);

/** The maximum cost of a training job, known before it starts. */
export const CostEstimate = z.object({
  instanceType: z.string(), // the most expensive one allowed
  seconds: z.int(), // SageMaker stops the training job after these
  dollars: z.number(), // US dollars on demand; spot costs less
  pricesOf: z.iso.date(),
});
export type CostEstimate = z.infer<typeof CostEstimate>;

/** @returns US dollars; `undefined` where the price is unknown, as on the local machine */
export function dollarsFor(instanceType: string, seconds: number): number | undefined {
  const perHour = DOLLARS_PER_HOUR[instanceType];
  return perHour === undefined ? undefined : (perHour * seconds) / 3600;
}

/** The limits of a training job. */
export interface Budget {
  minutes: number;
  dollars?: number | undefined; // US dollars; the tighter limit applies
}

/** A recipe's budget, with the pipeline's minutes where the recipe sets none. */
export const budgetOf = ({ budget }: Pick<Recipe, 'budget'>, defaultMinutes: number): Budget => ({
  ...budget,
  minutes: budget.minutes ?? defaultMinutes,
});

/** The longest run on an instance type, in seconds: the budget's minutes, or its dollars if those are used up first. */
export function longestRunSeconds(instanceType: string, budget: Budget): number {
  const seconds = budget.minutes * 60;
  const perSecond = dollarsFor(instanceType, 1);
  if (budget.dollars === undefined || perSecond === undefined) return seconds;
  return Math.min(seconds, Math.floor(budget.dollars / perSecond));
}

/** @returns `undefined` where a price is unknown */
export function costAtMost(
  instanceTypes: readonly string[],
  budget: Budget,
): CostEstimate | undefined {
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

/** The instance types that a job may use, in order of preference: the recipe's, as far as this deployment allows them. */
export function instanceTypesFor(
  recipe: Pick<Recipe, 'instance_types'>,
  allowed: readonly string[],
): readonly string[] {
  const wanted = recipe.instance_types?.filter((type) => allowed.includes(type)) ?? [];
  return wanted.length > 0 ? wanted : allowed;
}

const MIN_SECONDS = 300; // chosen: start-up alone takes most of that

/**
 * The problems of a recipe's instance types and budget in this deployment.
 *
 * @param whereIs where a field of the recipe is written
 */
export function budgetProblems(
  recipe: Pick<Recipe, 'budget' | 'instance_types'>,
  whereIs: (field: string) => string,
  allowed: readonly string[],
): Problem[] {
  const foreign = recipe.instance_types?.filter((type) => !allowed.includes(type)) ?? [];
  const problems = foreign.map((type) =>
    problem(
      'INSTANCE_TYPE',
      whereIs('instance_types'),
      `${type} is not allowed in this deployment.`,
      `Choose from ${allowed.join(', ')}, leave instance_types out, or ask the operator of this deployment to add it.`,
    ),
  );
  const { dollars } = recipe.budget;
  if (dollars === undefined) return problems;

  for (const type of instanceTypesFor(recipe, allowed)) {
    const perSecond = dollarsFor(type, 1);
    if (perSecond === undefined) {
      const what = `The price of ${type} is unknown, so a budget in dollars cannot be enforced.`;
      const remedy = 'Set budget.minutes instead, or choose other instance types.';
      problems.push(problem('BUDGET', whereIs('budget.dollars'), what, remedy));
    } else if (dollars < MIN_SECONDS * perSecond) {
      const what = `$${dollars} pays for only ${Math.floor(dollars / perSecond)} s of ${type}; training needs at least ${MIN_SECONDS} s.`;
      const remedy = `Set it to ${(Math.ceil(MIN_SECONDS * perSecond * 100) / 100).toFixed(2)} or more, or leave it out.`;
      problems.push(problem('BUDGET', whereIs('budget.dollars'), what, remedy));
    }
  }
  return problems;
}
