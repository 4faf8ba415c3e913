import { at } from '#core/at.ts';
import { decideFreezePlan, type FreezePlan, peakOf } from '#core/freeze-policy.ts';
import { type Recipe, retrainedBlocks } from '#core/recipe.ts';
import { readModel } from '#engine/read-model.ts';
import { cutNetwork, type Topology } from '#engine/topology.ts';
import type { Teacher } from '../features/load-teacher.ts';
import { scheduleFor } from '../fine-tune/schedule.ts';
import { TrainingRefused } from '../job/errors.ts';
import type { Judgement } from './judgement.ts';
import type { Plan } from './make-plan.ts';
import { layerMultiplyAdds, multiplyAdds } from './multiply-adds.ts';

const FAULTS_NAMED = 5; // the failure file is short

/** How much of the teacher is retrained, and why. */
export interface FreezeDecision {
  regime: FreezePlan;
  retrained: number; // blocks, besides the head
  why: string;
  isProposal: boolean; // of the policy; otherwise the recipe's wish
  seconds: number; // that one fine-tuning is expected to take
  secondsLeft: number; // that the budget leaves for fine-tuning
  splits: number; // that it can be judged on within the budget, at least 1
  runsAfter: number; // fine-tunings that follow those
}

export interface FreezeQuestion {
  recipe: Pick<Recipe, 'regime' | 'refit'>;
  teacher: Teacher;
  plan: Plan;
  judgement: Judgement;
  labels: Int32Array; // of all examples
  classes: number;
  budgetSeconds: number;
}

/**
 * Decides how many of the teacher's last blocks are retrained, besides the head: as the recipe says, or by the policy.
 *
 * @throws TrainingRefused TEACHER_NOT_TRAINABLE if the recipe asks for blocks of a teacher that the engine cannot read
 */
export function freezePlanFor(question: FreezeQuestion): FreezeDecision {
  const { recipe, teacher, plan, judgement, budgetSeconds } = question;
  const examples = judgement.fit.length;
  const { entry, json, weights } = teacher;
  const blocks = entry.blockOutputs.length;
  const read = readModel(json, weights);
  // A student that was judged on held-out images is trained once more, on all of them, if these are few or if asked to.
  const runsAfter = judgement.method === 'cross-validation' || recipe.refit ? 1 : 0;
  // From the plan, not from the clock: a training that resumes must decide the same.
  const spent = plan.facts.seconds + 1.2 * question.labels.length * plan.secondsPerImage;
  const secondsLeft = fineTuningEnds(budgetSeconds) - spent;
  const decision = (regime: FreezePlan, retrained: number, why: string, seconds: number) => {
    const affordable = Math.floor(secondsLeft / Math.max(1, seconds)) - runsAfter;
    const splits = Math.max(1, Math.min(judgement.folds, affordable));
    const isProposal = recipe.regime === 'auto';
    return { regime, retrained, why, isProposal, seconds, secondsLeft, splits, runsAfter };
  };
  if (recipe.regime !== 'auto') {
    const regime = recipe.regime as FreezePlan;
    const retrained = retrainedBlocks(regime, blocks);
    if (retrained > 0 && !read.ok) {
      const faults = read.problems
        .slice(0, FAULTS_NAMED)
        .map(({ where, what }) => `${where}: ${what}`);
      throw new TrainingRefused('TEACHER_NOT_TRAINABLE', faults.join(' '));
    }
    const seconds = read.ok ? secondsFor(read.value, question, retrained) : 0;
    return decision(regime, retrained, 'The recipe asks for it.', seconds);
  }
  if (!read.ok) {
    const why = 'The engine cannot retrain this teacher.';
    return decision('head-only', 0, why, 0);
  }

  const { similarity, kappa, perBlock, standardError } = plan.facts;
  const facts = {
    kappaLast: similarity,
    kappaBest: kappa,
    standardError,
    perBlock,
    peak: peakOf(perBlock, standardError / (1 - 1 / question.classes)),
    perClass: medianPerClass(judgement.fit, question.labels, question.classes),
    examples,
    classes: question.classes,
    inputLevelShift: plan.facts.teacherView?.inputLevelShift ?? false,
  };
  const proposed = decideFreezePlan(facts);
  const seconds = secondsFor(read.value, question, retrainedBlocks(proposed.plan, blocks));
  const { plan: regime, reason } = decideFreezePlan({
    ...facts,
    secondsForFineTuning: seconds,
    secondsLeft: secondsLeft / (1 + runsAfter),
  });
  return decision(regime, retrainedBlocks(regime, blocks), reason, seconds);
}

/** When fine-tuning has to end, in seconds since the job's training began; the rest is for testing and saving. */
export const fineTuningEnds = (budgetSeconds: number): number =>
  Math.max(0, BUDGET_FRACTION * budgetSeconds - RESERVED_SECONDS);

const BUDGET_FRACTION = 0.85;
const RESERVED_SECONDS = 30;

function medianPerClass(indices: Int32Array, labels: Int32Array, classes: number): number {
  const counts = new Int32Array(classes);
  for (const index of indices) counts[at(labels, index)] = at(counts, at(labels, index)) + 1;
  return at(counts.sort(), Math.floor(classes / 2));
}

const BACKWARD = 3; // forward and backward take about three times as long as forward alone
const VIEWS = 8; // passes through the frozen blocks

/** From the measured time of a forward pass. */
function secondsFor(
  topology: Topology,
  { teacher, plan, judgement }: FreezeQuestion,
  retrained: number,
): number {
  if (retrained === 0) return 0;
  const { trained } = cutNetwork(topology, teacher.entry.blockOutputs, retrained);
  const share =
    [...trained.keys()].reduce((sum, layer) => sum + layerMultiplyAdds(topology, layer), 0) /
    multiplyAdds(topology);
  const examples = judgement.fit.length;
  const { epochs } = scheduleFor(examples, retrained);
  const passes = epochs * BACKWARD * share + Math.min(epochs, VIEWS) * (1 - share);
  return examples * plan.secondsPerImage * passes;
}
