import { at } from '#core/at.ts';

/** A student's logits for some examples, with their true labels. */
export interface Predictions {
  logits: Float32Array; // [n, classes] row by row
  labels: Int32Array; // [n]
}

/** The index of the largest value; of several, the first. */
export const argMax = (values: Float32Array): number =>
  values.reduce((best, each, i) => (each > (values[best] ?? -Infinity) ? i : best), 0);

/** @returns the class with the largest logit, [n] */
export function predictedClasses({ logits, labels }: Predictions): Int32Array {
  const classes = logits.length / labels.length;
  return labels.map((_, i) => argMax(logits.subarray(i * classes, (i + 1) * classes)));
}

/** @returns -log of the probability of each example's label, [n], in nats, with the logits divided by `temperature` */
export function crossEntropies({ logits, labels }: Predictions, temperature = 1): Float64Array {
  const classes = logits.length / labels.length;
  return Float64Array.from(labels, (label, i) => {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    const max = Math.max(...row);
    const sum = row.reduce((total, each) => total + Math.exp((each - max) / temperature), 0);
    return Math.log(sum) - (at(row, label) - max) / temperature;
  });
}

/** The accuracy and the mean cross-entropy in nats; both are 0 if there are no examples. */
export function score(predictions: Predictions): { accuracy: number; crossEntropy: number } {
  const { labels } = predictions;
  const n = labels.length;
  if (n === 0) return { accuracy: 0, crossEntropy: 0 };
  const correct = predictedClasses(predictions).filter((predicted, i) => predicted === labels[i]);
  const loss = crossEntropies(predictions).reduce((sum, each) => sum + each, 0);
  return { accuracy: correct.length / n, crossEntropy: loss / n };
}
