export interface ClassMetrics {
  n: number; // examples of the class
  correct: number;
  precision: number; // of the answers that name it; 0 if none does
  recall: number; // 0 if there are no examples
  f1: number;
}

/** @returns how often each answer was given to each class; rows: the true class; columns: the answer */
export function confusionOf(labels: Int32Array, answers: Int32Array, classes: number): number[][] {
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (const [i, label] of labels.entries()) {
    const row = confusion[label] ?? [];
    const answer = answers[i] ?? 0;
    row[answer] = (row[answer] ?? 0) + 1;
  }
  return confusion;
}

export function classMetrics(confusion: readonly (readonly number[])[]): ClassMetrics[] {
  return confusion.map((row, label) => {
    const n = row.reduce((sum, each) => sum + each, 0);
    const answers = confusion.reduce((sum, each) => sum + (each[label] ?? 0), 0);
    const correct = row[label] ?? 0;
    return {
      n,
      correct,
      precision: answers === 0 ? 0 : correct / answers,
      recall: n === 0 ? 0 : correct / n,
      f1: n + answers === 0 ? 0 : (2 * correct) / (n + answers),
    };
  });
}

/** The mean recall of the classes that have examples. */
export function balancedAccuracy(confusion: readonly (readonly number[])[]): number {
  return mean(classMetrics(confusion).flatMap(({ n, recall }) => (n === 0 ? [] : [recall])));
}

/** The mean F1 of the classes that have examples or were an answer. */
export function macroF1(confusion: readonly (readonly number[])[]): number {
  const counted = classMetrics(confusion).filter(
    ({ n }, label) => n > 0 || confusion.some((row) => (row[label] ?? 0) > 0),
  );
  return mean(counted.map(({ f1 }) => f1));
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, each) => sum + each, 0) / values.length;
