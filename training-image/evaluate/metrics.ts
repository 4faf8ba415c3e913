import type { StudentCard } from '#core/card.ts';
import { wilson95 } from '#core/statistics.ts';
import { bootstrap95 } from './bootstrap.ts';
import { calibration, type Temperature } from './calibration.ts';
import { balancedAccuracy, classMetrics, confusionOf, macroF1 } from './class-metrics.ts';
import { type Answers, chosen } from './predictions.ts';

export type Metrics = Omit<StudentCard['metrics'], 'validation'>;

/**
 * How good a student is on the test part, which nothing has looked at before.
 *
 * @param test its answers there
 * @param seed of the bootstrap
 */
export function computeMetrics(
  test: Answers,
  classes: readonly string[],
  { temperature, why }: Temperature,
  seed: number,
): Metrics {
  const { labels } = test;
  const n = labels.length;
  const answers = chosen(test);
  const confusion = confusionOf(labels, answers, classes.length);
  const perClass = classMetrics(confusion).map((each, label) => ({
    name: classes[label] ?? '',
    ...each,
    interval95: wilson95(each.correct, each.n),
  }));
  const correct = perClass.reduce((sum, each) => sum + each.correct, 0);
  const [balanced = [0, 1], f1 = [0, 1]] = bootstrap95(
    labels,
    answers,
    classes.length,
    [balancedAccuracy, macroF1],
    seed,
  );
  const largest = Math.max(...perClass.map((each) => each.n));
  return {
    test: {
      n,
      correct,
      accuracy: n === 0 ? 0 : correct / n,
      interval95: wilson95(correct, n),
      balancedAccuracy: { value: balancedAccuracy(confusion), interval95: balanced },
      macroF1: { value: macroF1(confusion), interval95: f1 },
    },
    calibration: {
      temperature,
      why,
      before: calibration(test, 1),
      after: calibration(test, temperature),
    },
    majorityBaseline: n === 0 ? 0 : largest / n,
    perClass,
    confusion,
  };
}
