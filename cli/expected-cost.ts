import { availableParallelism } from 'node:os';
import { budgetOf, type CostEstimate, costAtMost, instanceTypesFor } from '#core/cost.ts';
import { duration } from '#core/quantities.ts';
import type { Recipe } from '#core/recipe.ts';
import { PipelineSettings } from '#infra/settings.ts';
import { DEFAULT_MINUTES } from '#local/names.ts';
import { wordsOfEstimate } from './describe.ts';

/** What can be said of a training's cost before its images are looked at. */
export interface ExpectedCost {
  /** On this machine, in seconds; `cpuSeconds` if all cores are busy until the budget ends it. */
  local: { leastSeconds: number; mostSeconds: number; cpuSeconds: number; cores: number };
  /** On a deployment with default settings; `undefined` where a price is unknown. */
  aws: CostEstimate | undefined;
}

/**
 * Seconds of a training of the head alone at 96 px on two cores: a start, and each image. Measured: 14 s for 300, 54 s for
 * 5,000, and 747 s for 50,000 images (bench/RESULTS.md), so that larger datasets take longer than this.
 */
const LEAST = { fixed: 11, perImage: 0.009 };

/** @param images of the dataset */
export function expectedCost(
  recipe: Recipe,
  images: number,
  cores = availableParallelism(),
): ExpectedCost {
  const mostSeconds = 60 * budgetOf(recipe, DEFAULT_MINUTES).minutes;
  const leastSeconds = Math.ceil(LEAST.fixed + LEAST.perImage * images);
  const deployed = PipelineSettings.parse({});
  const types = recipe.instance_types ?? instanceTypesFor(recipe, deployed.instanceTypes);
  const aws = costAtMost(types, budgetOf(recipe, deployed.defaultMinutes));
  return { local: { leastSeconds, mostSeconds, cpuSeconds: mostSeconds * cores, cores }, aws };
}

/** Sentences, which say no more than what is known: the budget, and what the cheapest plan has taken elsewhere. */
export function describeCost({ local, aws }: ExpectedCost): string[] {
  const { leastSeconds, mostSeconds, cpuSeconds, cores } = local;
  const least = `about ${duration(leastSeconds)} (if only the head is trained; measured on 2 cores)`;
  const most = `${duration(mostSeconds)}, the budget (${duration(cpuSeconds)} of processor time on ${cores} cores)`;
  const here =
    leastSeconds < mostSeconds
      ? `from ${least} to at most ${most}`
      : `the budget of ${duration(mostSeconds)} is probably too small: it takes ${least} at least; set --minutes`;
  return [
    `Training would take, on this machine: ${here}.`,
    `On AWS, with the default settings: ${aws ? wordsOfEstimate(aws) : 'as the price of the instances is unknown, only the minutes are limited'}.`,
    'How long within these limits is measured on the images; "train" says it before it spends it.',
  ];
}
