import { describe, expect, it } from 'vitest';
import type { MeasuredCell, Regime } from '../../../bench/calibration/cells.ts';
import {
  always,
  fitStrategy,
  judge,
  judgeAll,
  leaveOneSourceOut,
  oracle,
  type Situation,
  type Strategy,
  situationsOf,
  summarise,
} from '../../../bench/calibration/regret.ts';

const SECONDS = { 'head-only': 1, 'blocks:4': 10, full: 20 };

/** The accuracy of each regime, seed after seed. */
function cells(
  dataset: string,
  source: string,
  accuracies: Record<keyof typeof SECONDS, number[]>,
  kappa = 0,
): MeasuredCell[] {
  return Object.entries(accuracies).flatMap(([regime, each]) =>
    each.map((accuracy, i) => ({
      dataset,
      source,
      perClass: 20,
      regime: regime as Regime,
      seed: i + 1,
      px: 64,
      classes: 2,
      learned: 40,
      tested: 100,
      accuracy,
      cpuSeconds: SECONDS[regime as keyof typeof SECONDS],
      plan: {},
      facts: { kappa },
      versions: {},
      date: '2026-11-26',
    })),
  );
}

const near = cells(
  'near',
  'a',
  { 'head-only': [0.9, 0.92], 'blocks:4': [0.91, 0.89], full: [0.8, 0.8] },
  0.9,
);
const far = cells(
  'far',
  'b',
  { 'head-only': [0.5, 0.5], 'blocks:4': [0.7, 0.72], full: [0.75, 0.73] },
  0.4,
);
const farther = cells('farther', 'c', { 'head-only': [0.4], 'blocks:4': [0.5], full: [0.6] }, 0.2);

/** The head if κ is at least the threshold. */
const threshold = (least: number): Strategy => ({
  name: `κ ≥ ${least}`,
  choose: ({ cells: measured }) =>
    Number(measured.get('head-only')?.facts?.kappa) >= least ? 'head-only' : 'full',
});

const only = (measured: MeasuredCell[]): Situation => {
  const [situation] = situationsOf(measured);
  if (!situation) throw new Error('no situation');
  return situation;
};

describe('situationsOf', () => {
  it('leaves out seeds for which a required regime was not measured', () => {
    const partial = near.filter(({ regime, seed }) => !(regime === 'blocks:4' && seed === 2));

    expect(only(partial).trials.map(({ seed }) => seed)).toEqual([1]);
    expect(situationsOf(near.filter(({ regime }) => regime !== 'blocks:4'))).toEqual([]);
  });
});

describe('oracle', () => {
  it('takes the regime with the best mean over the seeds, not the best seed', () => {
    expect(oracle(only(near))).toBe('head-only');
    expect(oracle(only(far))).toBe('full');
  });

  it('takes the one that trains less of two equal ones', () => {
    const equal = cells('equal', 'a', { full: [0.8], 'blocks:4': [0.8], 'head-only': [0.7] });

    expect(oracle(only(equal))).toBe('blocks:4');
  });
});

describe('judge', () => {
  it('compares the mean accuracy with that of the oracle', () => {
    const judged = judge(always('blocks:4'), only(near));

    expect(judged?.regret).toBeCloseTo(0.91 - 0.9);
    expect(judged?.cpuSeconds).toBe(10);
  });

  it('says nothing of a regime that was not measured', () => {
    expect(judge(always('blocks:2'), only(near))).toBeUndefined();
  });
});

describe('summarise', () => {
  it('gives the mean over situations, the mean over sources, and the worst', () => {
    const other = cells('near-too', 'a', { 'head-only': [0.9], 'blocks:4': [0.9], full: [0.9] });
    const summary = summarise(
      judgeAll(always('head-only'), situationsOf([...near, ...other, ...far])),
    );

    expect(summary.situations).toBe(3);
    expect(summary.meanRegret).toBeCloseTo((0 + 0 + 0.24) / 3);
    expect(summary.meanOverSources).toBeCloseTo((0 + 0.24) / 2);
    expect(summary.worst?.situation.dataset).toBe('far');
  });
});

describe('leaveOneSourceOut', () => {
  const situations = situationsOf([...near, ...far, ...farther]);
  const strategies = [threshold(0), threshold(0.3), threshold(0.5), threshold(2)];

  it('fits to all sources what suits all of them', () => {
    expect(fitStrategy(strategies, situations).name).toBe('κ ≥ 0.5');
  });

  it('judges a source by what suits the others', () => {
    const { judged, fitted } = leaveOneSourceOut(strategies, situations);

    // Without the near one, 0.5 and 2 are equally good and equally expensive; the first is taken.
    expect(fitted.get('a')?.name).toBe('κ ≥ 0.5');
    // Without the farther one, "far" still asks for a threshold above 0.4.
    expect(fitted.get('c')?.name).toBe('κ ≥ 0.5');
    // Without "far", 0.3 is as good as 0.5 and comes first; it is wrong for "far".
    expect(fitted.get('b')?.name).toBe('κ ≥ 0.3');
    expect(judged.map(({ regret }) => Number(regret.toFixed(3)))).toEqual([0, 0.24, 0]);
  });
});
