import { duration } from './quantities.ts';
import { retrainedBlocks } from './recipe.ts';

/** How much of a teacher is retrained besides the head: nothing, its last k blocks, or everything. */
export type FreezePlan = 'head-only' | 'full' | `blocks:${number}`;

/** What was measured of a dataset, before anything is retrained. */
export interface FreezeFacts {
  kappaLast: number; // κ of the probe on the teacher's last features: 0 is chance, 1 is perfect
  kappaBest: number; // κ of the best set of features
  standardError: number; // of the accuracy of that set
  perBlock: readonly number[]; // κ of the pooled output of each block
  peak: number; // index of the earliest block within one standard error of the best one: see `peakOf`
  perClass: number; // images to learn from, median of the classes
  examples: number; // images to learn from
  classes: number;
  inputLevelShift: boolean; // whether the images themselves are unlike the teacher's: see plan/batch-norm-shift.ts
  secondsForFineTuning?: number; // what retraining would take
  secondsLeft?: number; // what the budget leaves for it
}

/** Where the rows of the policy begin and end. Each is bracketed by the measurements beside it, or marked as chosen. */
export const FREEZE_THRESHOLDS = {
  similar: 0.95, // κ minus its standard error; between digits, 0.98 (head), and photographs at 224 px, 0.85 (blocks:4)
  different: 0.5, // κ; chosen
  fewestPerClass: 5, // the fewest that were measured
  fullPerClass: 50, // chosen
  fullExamples: 1_000, // chosen: VTAB-1k retrains everything with 1,000 examples
  leastBlocks: 4, // of 7: photographs gained more from 4 blocks than from 2, and no less than from all
};
export type FreezeThresholds = Readonly<typeof FREEZE_THRESHOLDS>;

/** A row of the policy: it decides if it is the first one that holds. */
export interface FreezeRule {
  id: string;
  when(facts: FreezeFacts, limits: FreezeThresholds): boolean;
  plan(facts: FreezeFacts, limits: FreezeThresholds): FreezePlan;
  /** One to three sentences for the user. */
  reason(facts: FreezeFacts, limits: FreezeThresholds): string;
  evidence: string; // what the row rests on
}

/** From the dataset to the plan: the first row that holds. The last one always does. */
export const FREEZE_POLICY: readonly FreezeRule[] = [
  {
    id: 'too-few-images',
    when: ({ perClass }, limits) => perClass < limits.fewestPerClass,
    plan: () => 'head-only',
    reason: ({ perClass }, limits) =>
      `There are only ${images(perClass)} per class to learn from, too few to retrain any of the teacher. ` +
      `It takes ${limits.fewestPerClass} at least; each additional image helps.`,
    evidence: 'Chosen: with 5 per class, retraining helps; with fewer, nothing was measured.',
  },
  {
    id: 'similar',
    when: (facts, limits) => facts.kappaBest - kappaError(facts) >= limits.similar,
    plan: () => 'head-only',
    reason: (facts, limits) =>
      `${
        facts.kappaLast >= limits.similar
          ? 'Your images are similar to those the teacher knows'
          : "The teacher's features, those of its earlier blocks included, suit your images"
      }: a head on frozen features already gets ${right(facts)} in cross-validation, so nothing of the teacher is retrained.`,
    evidence: 'Digits, 160 to 200 per class: κ 0.98, head 98.7%.',
  },
  {
    id: 'no-time',
    when: ({ secondsForFineTuning = 0, secondsLeft = Number.POSITIVE_INFINITY }) =>
      secondsForFineTuning > secondsLeft,
    plan: () => 'head-only',
    reason: ({ secondsForFineTuning = 0, secondsLeft = 0 }) =>
      `Retraining would take about ${duration(secondsForFineTuning)}, and the budget leaves ` +
      `${duration(secondsLeft)}, so nothing of the teacher is retrained.`,
    evidence:
      'Chosen: a fine-tuning that is cut off before its learning rate has decayed gains little.',
  },
  {
    id: 'different-and-few-images',
    when: (facts, limits) => facts.kappaBest < limits.different && !hasEnoughForFull(facts, limits),
    plan: deepestNeeded,
    reason: (facts, limits) =>
      `Your images are very different from those the teacher knows: a head on frozen features gets only ${right(facts)} in cross-validation. ` +
      `That calls for retraining everything, but ${images(facts.examples)} in ${facts.classes} classes are too few for it, ` +
      `so ${lastBlocks(deepestNeeded(facts, limits), facts)} retrained. About ${missingPerClass(facts, limits)} more per class would help.`,
    evidence: 'CIFAR-10, 96 px, 10 per class, κ 0.58: head 62.7%, blocks:4 67.9%.',
  },
  {
    id: 'different',
    when: ({ kappaBest }, limits) => kappaBest < limits.different,
    plan: () => 'full',
    reason: (facts) =>
      `Your images are very different from those the teacher knows: a head on frozen features gets only ${right(facts)} in cross-validation, ` +
      `and ${images(facts.examples)} are enough to retrain the whole teacher.`,
    evidence: 'Literature only: VTAB-1k retrains everything with 1,000 examples.',
  },
  {
    id: 'less-similar',
    when: () => true,
    plan: deepestNeeded,
    reason: (facts, limits) =>
      `Your images are less similar to those the teacher knows${
        facts.inputLevelShift ? ', already in their colours and textures' : ''
      }: a head on frozen features gets ${right(facts)} in cross-validation. ` +
      `The earlier blocks stay as they are, and ${lastBlocks(deepestNeeded(facts, limits), facts)} retrained.`,
    evidence:
      'CIFAR-10: 100 per class, 96 px, κ 0.75, head 83.1%, blocks:4 87.3%; 10 per class, 224 px, κ 0.74, head 75.0%, blocks:4 77.2%. ' +
      'Eleven sources at 64 px, 5 to 50 per class (bench/calibration): blocks:4 is better than the head by 1.8 points on average, at worst 3.2 worse.',
  },
];

export interface FreezeDecision {
  row: string; // the id of the row that decided
  plan: FreezePlan;
  reason: string;
}

/**
 * Proposes how much of the teacher to retrain, and says why.
 *
 * @param thresholds others than FREEZE_THRESHOLDS are for calibration
 */
export function decideFreezePlan(
  facts: FreezeFacts,
  thresholds: FreezeThresholds = FREEZE_THRESHOLDS,
): FreezeDecision {
  const rule = FREEZE_POLICY.find(({ when }) => when(facts, thresholds));
  if (!rule) throw new Error('No row of the freeze policy holds; the last one has to.');
  const [plan, reason] = [rule.plan(facts, thresholds), rule.reason(facts, thresholds)];
  return { row: rule.id, plan, reason };
}

/**
 * The index of the earliest block whose κ is within one standard error of the best block's: what comes after it adds
 * nothing that can be told from chance.
 *
 * @param perBlock κ of each block, at least one
 * @param error the standard error of κ
 */
export function peakOf(perBlock: readonly number[], error: number): number {
  const best = Math.max(...perBlock);
  return Math.max(
    0,
    perBlock.findIndex((kappa) => kappa >= best - error),
  );
}

/** Neighbouring plans differ by this many blocks; chosen: single blocks differ too little to be told apart. */
const STEP = 2;

/** The next plans on both sides, as rivals of a plan; none below head-only and above full. */
export function neighboursOf(
  plan: FreezePlan,
  blocks: number,
): { shallower?: FreezePlan; deeper?: FreezePlan } {
  const depth = retrainedBlocks(plan, blocks);
  return {
    ...(depth > 0 && { shallower: planOf(Math.max(0, depth - STEP), blocks) }),
    ...(depth < blocks && { deeper: planOf(Math.min(blocks, depth + STEP), blocks) }),
  };
}

/** The plan that retrains some of the last blocks, 0 to all. */
export function planOf(retrained: number, blocks: number): FreezePlan {
  if (retrained === 0) return 'head-only';
  return retrained >= blocks ? 'full' : `blocks:${retrained}`;
}

/** All blocks after the peak, since those no longer suit the images; at least `leastBlocks`, and not all. */
function deepestNeeded({ perBlock, peak }: FreezeFacts, limits: FreezeThresholds): FreezePlan {
  const blocks = perBlock.length;
  const afterPeak = blocks - 1 - peak;
  const retrained = Math.min(Math.max(afterPeak, limits.leastBlocks), Math.max(1, blocks - 1));
  return planOf(retrained, blocks);
}

const hasEnoughForFull = ({ perClass, examples }: FreezeFacts, limits: FreezeThresholds): boolean =>
  perClass >= limits.fullPerClass && examples >= limits.fullExamples;

/** How many more images per class would be enough to retrain everything. */
const missingPerClass = (
  { perClass, examples, classes }: FreezeFacts,
  limits: FreezeThresholds,
): number =>
  Math.ceil(Math.max(limits.fullPerClass - perClass, (limits.fullExamples - examples) / classes));

/** The standard error of κ, which stretches the accuracy above chance to 0..1. */
const kappaError = ({ standardError, classes }: FreezeFacts): number =>
  standardError / (1 - 1 / classes);

/** `97% right (κ 0.97)`: the balanced accuracy that κ stands for. */
function right({ kappaBest, classes }: FreezeFacts): string {
  const accuracy = kappaBest * (1 - 1 / classes) + 1 / classes;
  return `${(100 * accuracy).toFixed(0)}% right (κ ${kappaBest.toFixed(2)})`;
}

function lastBlocks(plan: FreezePlan, { perBlock }: FreezeFacts): string {
  const count = retrainedBlocks(plan, perBlock.length);
  return count === 1 ? 'the last one is' : `the last ${count} are`;
}

const images = (count: number): string =>
  count === 1 ? '1 image' : `${Math.round(count).toLocaleString('en')} images`;
