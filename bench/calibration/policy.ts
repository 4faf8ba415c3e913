import * as z from 'zod';
import {
  decideFreezePlan,
  FREEZE_THRESHOLDS,
  type FreezeFacts,
  type FreezeThresholds,
  peakOf,
} from '#core/freeze-policy.ts';
import { retrainedBlocks } from '#core/recipe.ts';
import type { Regime } from './cells.ts';
import type { Situation, Strategy, Trial } from './regret.ts';

/** The freeze policy with certain thresholds, as a strategy. */
export interface Policy extends Strategy {
  thresholds: FreezeThresholds;
}

/** The values that each threshold is fitted over; those that are not here keep their value. */
const GRID: Partial<Record<keyof FreezeThresholds, readonly number[]>> = {
  similar: [0.85, 0.9, 0.95, 0.98],
  different: [0, 0.3, 0.5, 0.7],
  fewestPerClass: [5, 10, 20],
  fullPerClass: [20, 50, 100],
  fullExamples: [200, 1_000],
  leastBlocks: [2, 4],
};

export function policy(thresholds: FreezeThresholds, name: string): Policy {
  return {
    name,
    thresholds,
    choose(trial, { regimes }) {
      const facts = factsOf(trial);
      return facts && nearestRegime(decideFreezePlan(facts, thresholds).plan, facts, regimes);
    },
  };
}

/** The policy at each point of the grid, its own thresholds first. */
export function policies(): Policy[] {
  let points: FreezeThresholds[] = [FREEZE_THRESHOLDS];
  for (const [key, values] of Object.entries(GRID)) {
    points = points.flatMap((point) => values.map((value) => ({ ...point, [key]: value })));
  }
  return [FREEZE_THRESHOLDS, ...points].map((thresholds) => policy(thresholds, 'policy'));
}

/** What a card has of the measurements before the training. */
const PlanFacts = z.object({
  standardError: z.number(),
  similarity: z.number(),
  kappa: z.number(),
  perBlock: z.array(z.number()).min(1),
  teacherView: z.object({ inputLevelShift: z.boolean() }).optional(),
});

const known = new WeakMap<Trial, FreezeFacts | undefined>(); // thousands of policies ask for the same

function factsOf(trial: Trial): FreezeFacts | undefined {
  if (!known.has(trial)) known.set(trial, readFacts(trial));
  return known.get(trial);
}

/** What the policy is told of a trial: what the card of any of its students says. */
function readFacts({ cells }: Trial): FreezeFacts | undefined {
  for (const { facts, classes, learned } of cells.values()) {
    const parsed = PlanFacts.safeParse(facts).data;
    if (!parsed) continue;
    const { similarity, kappa, perBlock, standardError, teacherView } = parsed;
    return {
      kappaLast: similarity,
      kappaBest: kappa,
      standardError,
      perBlock,
      peak: peakOf(perBlock, standardError / (1 - 1 / classes)),
      perClass: Math.round(learned / classes),
      examples: learned,
      classes,
      inputLevelShift: teacherView?.inputLevelShift ?? false,
    };
  }
  return undefined;
}

/** Of the measured regimes the one that retrains about as many blocks; of two equally near ones the cheaper. */
function nearestRegime(
  plan: string,
  { perBlock }: FreezeFacts,
  regimes: Situation['regimes'],
): Regime | undefined {
  const wanted = retrainedBlocks(plan, perBlock.length);
  const [nearest] = regimes
    .filter((regime) => regime !== 'auto' && regime !== 'last-features')
    .map((regime) => ({ regime, blocks: retrainedBlocks(regime, perBlock.length) }))
    .filter(({ blocks }) => (blocks === 0) === (wanted === 0)) // a head is not nearly a fine-tuning
    .sort(
      (a, b) => Math.abs(a.blocks - wanted) - Math.abs(b.blocks - wanted) || a.blocks - b.blocks,
    );
  return nearest?.regime;
}
