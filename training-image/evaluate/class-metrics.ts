import { at } from '#core/at.ts';

/** What all metrics per class are computed from, [classes] each. */
export interface Tallies {
  support: Int32Array; // examples of the class
  predicted: Int32Array; // predictions of the class
  correct: Int32Array; // correct ones among them
}

export const createTallies = (classes: number): Tallies => ({
  support: new Int32Array(classes),
  predicted: new Int32Array(classes),
  correct: new Int32Array(classes),
});

/**
 * Counts per class, in place of whatever was counted before.
 *
 * @param labels [n]
 * @param predictions [n], classes
 */
export function tally(labels: Int32Array, predictions: Int32Array, into: Tallies): Tallies {
  const { support, predicted, correct } = into;
  for (const counts of [support, predicted, correct]) counts.fill(0);
  for (const [i, label] of labels.entries()) {
    const prediction = at(predictions, i);
    support[label] = at(support, label) + 1;
    predicted[prediction] = at(predicted, prediction) + 1;
    if (prediction === label) correct[label] = at(correct, label) + 1;
  }
  return into;
}

/** @returns how often each class was predicted for each class; rows: the true class; columns: the predicted one */
export function confusionMatrix(
  labels: Int32Array,
  predictions: Int32Array,
  classes: number,
): number[][] {
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (const [i, label] of labels.entries()) {
    const row = at(confusion, label);
    const prediction = at(predictions, i);
    row[prediction] = at(row, prediction) + 1;
  }
  return confusion;
}

export interface ClassMetrics {
  n: number; // examples of the class
  correct: number;
  precision: number; // 0 if the class was never predicted
  recall: number; // 0 if there are no examples
  f1: number; // 0 if neither
}

export const classMetrics = ({ support, predicted, correct }: Tallies): ClassMetrics[] =>
  Array.from(support, (n, label) => {
    const [predictions, hits] = [at(predicted, label), at(correct, label)];
    return {
      n,
      correct: hits,
      precision: predictions === 0 ? 0 : hits / predictions,
      recall: n === 0 ? 0 : hits / n,
      f1: n + predictions === 0 ? 0 : (2 * hits) / (n + predictions),
    };
  });

/** The mean recall of the classes that have examples. */
export function balancedAccuracy({ support, correct }: Tallies): number {
  let [sum, counted] = [0, 0];
  for (const [label, n] of support.entries()) {
    if (n === 0) continue;
    sum += at(correct, label) / n;
    counted += 1;
  }
  return counted === 0 ? 0 : sum / counted;
}

/** The mean F1 of the classes that have examples or were predicted. */
export function macroF1({ support, predicted, correct }: Tallies): number {
  let [sum, counted] = [0, 0];
  for (const [label, n] of support.entries()) {
    const either = n + at(predicted, label);
    if (either === 0) continue;
    sum += (2 * at(correct, label)) / either;
    counted += 1;
  }
  return counted === 0 ? 0 : sum / counted;
}
