import { at } from '#core/at.ts';
import { seededRandom } from '../data/seeded-random.ts';
import { createTallies, type Tallies, tally } from './class-metrics.ts';

const RESAMPLES = 1_000;
const TAILS = [0.025, 0.975] as const;

export type Interval = [low: number, high: number];

/**
 * How much metrics would vary with the choice of the test part: their percentile bootstrap intervals
 * (Efron & Tibshirani 1993, chapter 13).
 *
 * @param labels [n]
 * @param predictions [n], classes
 * @param metrics computed from the tallies of each resample
 * @param onResample called before each resample
 * @returns the 95% interval of each metric
 */
export function bootstrap95<Name extends string>(
  labels: Int32Array,
  predictions: Int32Array,
  classes: number,
  metrics: Record<Name, (tallies: Tallies) => number>,
  seed: number,
  onResample: () => void = () => undefined,
): Record<Name, Interval> {
  const n = labels.length;
  const random = seededRandom('bootstrap', seed);
  const drawnLabels = new Int32Array(n);
  const drawnPredictions = new Int32Array(n);
  const tallies = createTallies(classes); // reused: memory must not grow with classes × resamples
  const entries = Object.entries<(tallies: Tallies) => number>(metrics);
  const values = entries.map(() => new Float64Array(RESAMPLES));
  for (let resample = 0; resample < RESAMPLES; resample++) {
    onResample();
    for (let i = 0; i < n; i++) {
      const drawn = Math.floor(random() * n);
      drawnLabels[i] = at(labels, drawn);
      drawnPredictions[i] = at(predictions, drawn);
    }
    tally(drawnLabels, drawnPredictions, tallies);
    for (const [k, [, metric]] of entries.entries()) at(values, k)[resample] = metric(tallies);
  }
  const intervals = entries.map(([name], k) => [name, intervalOf(at(values, k))] as const);
  return Object.fromEntries(intervals) as Record<Name, Interval>;
}

function intervalOf(values: Float64Array): Interval {
  const sorted = values.sort();
  return [quantile(sorted, TAILS[0]), quantile(sorted, TAILS[1])];
}

/** Interpolates linearly between two values, as numpy does. */
function quantile(sorted: Float64Array, fraction: number): number {
  const position = fraction * (sorted.length - 1);
  const below = Math.floor(position);
  const low = at(sorted, below);
  const high = sorted[below + 1] ?? low;
  return low + (position - below) * (high - low);
}
