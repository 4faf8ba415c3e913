import { at } from '#core/at.ts';
import type { StudentCard } from '#core/card.ts';
import { wilson95 } from '#core/wilson-interval.ts';
import { bootstrap95 } from './bootstrap.ts';
import { calibration, crossFitted, type Temperature } from './calibration.ts';
import {
  balancedAccuracy,
  classMetrics,
  confusionMatrix,
  createTallies,
  macroF1,
  tally,
} from './class-metrics.ts';
import { type Predictions, predictedClasses } from './predictions.ts';

export type Metrics = Omit<StudentCard['metrics'], 'validation'>;

/**
 * Measures a student on images that it was not trained on.
 *
 * @param test the student's predictions for them
 * @param method how they were kept apart
 * @param seed of the bootstrap
 * @param onResample called before each of its resamples
 */
export function computeMetrics(
  test: Predictions,
  method: Metrics['test']['method'],
  classes: readonly string[],
  { temperature, why }: Temperature,
  seed: number,
  onResample?: () => void,
): Metrics {
  const { labels } = test;
  const n = labels.length;
  const predictions = predictedClasses(test);
  const tallies = tally(labels, predictions, createTallies(classes.length));
  const perClass = classMetrics(tallies).map((each, label) => ({
    name: at(classes, label),
    ...each,
    interval95: wilson95(each.correct, each.n),
  }));
  const correct = perClass.reduce((sum, each) => sum + each.correct, 0);
  const largest = Math.max(...perClass.map((each) => each.n));
  const means = { balancedAccuracy, macroF1 };
  const intervals = bootstrap95(labels, predictions, classes.length, means, seed, onResample);
  return {
    test: {
      method,
      n,
      correct,
      accuracy: n === 0 ? 0 : correct / n,
      interval95: wilson95(correct, n),
      balancedAccuracy: {
        value: balancedAccuracy(tallies),
        interval95: intervals.balancedAccuracy,
      },
      macroF1: { value: macroF1(tallies), interval95: intervals.macroF1 },
    },
    calibration: {
      temperature,
      why,
      before: calibration(test, 1),
      after:
        method === 'hold-out' || temperature === 1
          ? calibration(test, temperature)
          : calibration(crossFitted(test), 1),
    },
    majorityBaseline: n === 0 ? 0 : largest / n,
    perClass,
    confusion: confusionMatrix(labels, predictions, classes.length),
  };
}
