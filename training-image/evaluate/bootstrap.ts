import { seededRandom } from '../data/seeded-random.ts';
import { confusionOf } from './class-metrics.ts';

const RESAMPLES = 1_000;
const TAILS = [0.025, 0.975] as const;

/**
 * How much metrics would vary with other test parts: the percentile interval of the bootstrap
 * (Efron & Tibshirani 1993, chapter 13).
 *
 * @param metrics each of a confusion matrix
 * @returns the 95 % interval of each
 */
export function bootstrap95(
  labels: Int32Array,
  answers: Int32Array,
  classes: number,
  metrics: readonly ((confusion: readonly (readonly number[])[]) => number)[],
  seed: number,
): [low: number, high: number][] {
  const n = labels.length;
  const random = seededRandom('bootstrap', seed);
  const drawn = { labels: new Int32Array(n), answers: new Int32Array(n) };
  const found = metrics.map(() => new Float64Array(RESAMPLES));
  for (let resample = 0; resample < RESAMPLES; resample++) {
    for (let i = 0; i < n; i++) {
      const from = Math.floor(random() * n);
      drawn.labels[i] = labels[from] ?? 0;
      drawn.answers[i] = answers[from] ?? 0;
    }
    const confusion = confusionOf(drawn.labels, drawn.answers, classes);
    for (const [k, metric] of metrics.entries()) {
      const values = found[k];
      if (values) values[resample] = metric(confusion);
    }
  }
  return found.map((values) => {
    const sorted = values.sort();
    return [quantile(sorted, TAILS[0]), quantile(sorted, TAILS[1])];
  });
}

/** Between two values in proportion, as numpy has it. */
function quantile(sorted: Float64Array, fraction: number): number {
  const place = fraction * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? 0;
  const high = sorted[below + 1] ?? low;
  return low + (place - below) * (high - low);
}
