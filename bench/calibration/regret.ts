import type { MeasuredCell, Regime } from './cells.ts';
import type { PerClass } from './draw.ts';

/** Situations in which one of these was not measured are left out. */
export const REQUIRED = ['head-only', 'blocks:4'] as const satisfies readonly Regime[];
export const FIXED = [
  'last-features',
  'head-only',
  'blocks:2',
  'blocks:4',
  'full',
] as const satisfies readonly Regime[];

/** Students of the same training images, one per regime. */
export interface Trial {
  seed: number;
  cells: ReadonlyMap<Regime, MeasuredCell>;
}

/** A dataset with a number of images per class, for which a regime is to be chosen. */
export interface Situation {
  dataset: string;
  source: string;
  perClass: PerClass;
  trials: readonly Trial[]; // one per seed
  regimes: readonly Regime[]; // measured in every trial
}

/** The situations in which all required regimes were measured, with the seeds for which they were. */
export function situationsOf(cells: readonly MeasuredCell[]): Situation[] {
  const groups = groupBy(cells, ({ dataset, perClass, px }) => `${dataset} ${perClass} ${px}`);
  return [...groups.values()].flatMap((group) => {
    const bySeed = groupBy(group, ({ seed }) => seed);
    const trials = [...bySeed].map(([seed, own]) => ({
      seed,
      cells: new Map(own.map((cell) => [cell.regime, cell])),
    }));
    const complete = trials.filter((trial) => REQUIRED.every((regime) => trial.cells.has(regime)));
    const [first] = group;
    if (!first || complete.length === 0) return [];
    const { dataset, source, perClass } = first;
    const all: Regime[] = [...FIXED, 'auto'];
    const regimes = all.filter((regime) => complete.every((trial) => trial.cells.has(regime)));
    return [{ dataset, source, perClass, trials: complete, regimes }];
  });
}

/** A rule that chooses a regime for each trial, without its test accuracy. */
export interface Strategy {
  name: string;
  /** @returns `undefined` if it cannot decide: the regime, or what the decision depends on, was not measured */
  choose(trial: Trial, situation: Situation): Regime | undefined;
}

export const always = (regime: Regime): Strategy => ({
  name: `always ${regime}`,
  choose: (_, { regimes }) => (regimes.includes(regime) ? regime : undefined),
});

/** The regime with the best mean accuracy over the seeds, of those that a recipe can fix. */
export function oracle(situation: Situation): Regime {
  const { regimes } = situation;
  const fixed = FIXED.filter((regime) => regimes.includes(regime));
  const [best] = fixed
    .map((regime) => ({ regime, accuracy: meanOf(situation, regime) }))
    .sort((a, b) => b.accuracy - a.accuracy); // stable: of equal ones the one that trains less
  if (!best) throw new Error(`Nothing was measured of ${situation.dataset}.`);
  return best.regime;
}

/** The mean accuracy over the seeds. */
export const meanOf = ({ trials }: Situation, regime: Regime): number =>
  mean(trials.map(({ cells }) => cells.get(regime)?.accuracy ?? Number.NaN));

/** A strategy in one situation, compared with the oracle. */
export interface Judged {
  situation: Situation;
  regret: number; // accuracy that the oracle has more, 0 to 1; negative where "auto" beats every regime
  cpuSeconds: number; // of the training, mean over the seeds
  chosen: readonly Regime[]; // by trial
}

/** @returns `undefined` if the strategy cannot decide in this situation */
export function judge(strategy: Strategy, situation: Situation): Judged | undefined {
  const cells: MeasuredCell[] = [];
  const chosen: Regime[] = [];
  for (const trial of situation.trials) {
    const regime = strategy.choose(trial, situation);
    const cell = regime && trial.cells.get(regime);
    if (!cell) return undefined;
    cells.push(cell);
    chosen.push(regime);
  }
  const accuracy = mean(cells.map((cell) => cell.accuracy));
  const cpuSeconds = mean(cells.map((cell) => cell.cpuSeconds));
  return {
    situation,
    regret: meanOf(situation, oracle(situation)) - accuracy,
    cpuSeconds,
    chosen,
  };
}

/** A strategy over many situations. */
export interface Summary {
  situations: number;
  meanRegret: number;
  meanOverSources: number; // of the mean regret of each source
  worst: Judged | undefined;
  cpuSeconds: number; // mean
}

export function summarise(judged: readonly Judged[]): Summary {
  const bySource = groupBy(judged, ({ situation }) => situation.source);
  const [worst] = [...judged].sort((a, b) => b.regret - a.regret);
  const meanRegret = (of: readonly Judged[]) => mean(of.map(({ regret }) => regret));
  return {
    situations: judged.length,
    meanRegret: meanRegret(judged),
    meanOverSources: mean([...bySource.values()].map(meanRegret)),
    worst,
    cpuSeconds: mean(judged.map(({ cpuSeconds }) => cpuSeconds)),
  };
}

export const judgeAll = (strategy: Strategy, situations: readonly Situation[]): Judged[] =>
  situations.map((situation) => judge(strategy, situation)).filter((each) => each !== undefined);

/**
 * The strategy with the smallest mean regret over the sources, so that five datasets of one source count no more than
 * one; of equal ones the cheapest, then the first.
 *
 * @throws Error if none of them can decide anywhere
 */
export function fitStrategy<Kind extends Strategy>(
  strategies: readonly Kind[],
  situations: readonly Situation[],
): Kind {
  return bestOf(distinct(strategies, situations), () => true);
}

/** Judges each source by the strategy that was fitted on all other sources. */
export function leaveOneSourceOut<Kind extends Strategy>(
  strategies: readonly Kind[],
  situations: readonly Situation[],
): { judged: Judged[]; fitted: Map<string, Kind> } {
  const candidates = distinct(strategies, situations);
  const judged: Judged[] = [];
  const fitted = new Map<string, Kind>();
  const sources = new Set(situations.map((each) => each.source));
  for (const source of sources.size > 1 ? sources : []) {
    const strategy = bestOf(candidates, ({ situation }) => situation.source !== source);
    fitted.set(source, strategy);
    const own = situations.filter((each) => each.source === source);
    judged.push(...judgeAll(strategy, own));
  }
  return { judged, fitted };
}

interface Candidate<Kind> {
  strategy: Kind;
  judged: readonly Judged[]; // everywhere
}

/** The first of those that choose the same everywhere: of a grid of thresholds, few points differ. */
function distinct<Kind extends Strategy>(
  strategies: readonly Kind[],
  situations: readonly Situation[],
): Candidate<Kind>[] {
  const byChoices = new Map<string, Candidate<Kind>>();
  for (const strategy of strategies) {
    const judged = judgeAll(strategy, situations);
    const choices = judged.flatMap(({ chosen }) => chosen).join(' ');
    if (!byChoices.has(choices)) byChoices.set(choices, { strategy, judged });
  }
  return [...byChoices.values()];
}

function bestOf<Kind>(
  candidates: readonly Candidate<Kind>[],
  isFittedOn: (judged: Judged) => boolean,
): Kind {
  const [best] = candidates
    .map(({ strategy, judged }) => ({ strategy, summary: summarise(judged.filter(isFittedOn)) }))
    .filter(({ summary }) => summary.situations > 0)
    .sort(
      (a, b) =>
        round(a.summary.meanOverSources) - round(b.summary.meanOverSources) ||
        a.summary.cpuSeconds - b.summary.cpuSeconds,
    );
  if (!best) throw new Error('No strategy can decide in any of these situations.');
  return best.strategy;
}

/** Regrets that differ by less than this are equal: sums of fractions are not exact. */
const round = (regret: number): number => Math.round(regret * 1e6);

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

export function groupBy<Element, Key>(
  elements: readonly Element[],
  keyOf: (element: Element) => Key,
): Map<Key, Element[]> {
  const groups = new Map<Key, Element[]>();
  for (const element of elements) {
    const key = keyOf(element);
    groups.set(key, [...(groups.get(key) ?? []), element]);
  }
  return groups;
}
