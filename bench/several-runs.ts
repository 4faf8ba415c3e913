import type { StudentRun } from './record.ts';
import { percent } from './table.ts';

type Runs = readonly StudentRun[]; // of the same training with different seeds

const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, each) => sum + each, 0) / values.length;

export const accuracyOf = (runs: Runs): number | undefined =>
  mean(runs.map(({ accuracy }) => accuracy));

/** The mean, and each if there are several. */
export function accuracies(runs: Runs): string {
  const average = accuracyOf(runs);
  if (average === undefined) return '–';
  const each = runs.map(({ accuracy }) => (100 * accuracy).toFixed(1)).join(', ');
  return percent(average, 1) + (runs.length > 1 ? ` (${each})` : '');
}

export const cpuSecondsOf = (runs: Runs): number | undefined =>
  mean(runs.flatMap(({ cpuSeconds = [] }) => cpuSeconds));

export const cpuSeconds = (runs: Runs): string => cpuSecondsOf(runs)?.toFixed(0) ?? '–';

export const commitsOf = (runs: Runs): string =>
  [...new Set(runs.flatMap(({ commit = [] }) => commit))].join(' ');
