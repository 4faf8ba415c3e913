import type { StudentCard } from '#core/card.ts';
import { wilson95 } from '#core/statistics.ts';
import { argMax, type Head, logitsOf } from './head/fit-head.ts';
import type { Labelled } from './head/labelled.ts';

export type Measures = Omit<StudentCard['measures'], 'validation'>;

/** How good a head is on the test part, which nothing has looked at before. */
export function measure(head: Head, test: Labelled, classes: readonly string[]): Measures {
  const logits = logitsOf(head, test.features);
  const confusion = classes.map(() => classes.map(() => 0)); // rows: the true class; columns: the answer
  for (const [i, label] of test.labels.entries()) {
    const row = confusion[label] ?? [];
    const answer = argMax(logits.subarray(i * classes.length, (i + 1) * classes.length));
    row[answer] = (row[answer] ?? 0) + 1;
  }

  const perClass = classes.map((name, label) => {
    const n = (confusion[label] ?? []).reduce((sum, each) => sum + each, 0);
    const correct = confusion[label]?.[label] ?? 0;
    return {
      name,
      n,
      correct,
      recall: n === 0 ? 0 : correct / n,
      interval95: wilson95(correct, n),
    };
  });
  const n = test.labels.length;
  const correct = perClass.reduce((sum, each) => sum + each.correct, 0);
  const largest = Math.max(...perClass.map((each) => each.n));
  return {
    test: { n, correct, accuracy: n === 0 ? 0 : correct / n, interval95: wilson95(correct, n) },
    chance: n === 0 ? 0 : largest / n,
    perClass,
    confusion,
  };
}
