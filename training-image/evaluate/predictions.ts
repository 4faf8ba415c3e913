/** Logits of some examples, with what they should say. */
export interface Answers {
  logits: Float32Array; // [n, classes] row by row
  labels: Int32Array; // [n]
}

/** The first of the largest. */
export const argMax = (values: Float32Array): number =>
  values.reduce((best, each, i) => (each > (values[best] ?? -Infinity) ? i : best), 0);

/** For each example the class with the largest logit. */
export function chosen({ logits, labels }: Answers): Int32Array {
  const classes = logits.length / labels.length;
  return labels.map((_, i) => argMax(logits.subarray(i * classes, (i + 1) * classes)));
}

/** @returns for each example -log of the probability of its label, in nats, once the logits are divided by `temperature` */
export function crossEntropies({ logits, labels }: Answers, temperature = 1): Float64Array {
  const classes = logits.length / labels.length;
  return Float64Array.from(labels, (label, i) => {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    const most = Math.max(...row);
    const sum = row.reduce((total, each) => total + Math.exp((each - most) / temperature), 0);
    return Math.log(sum) - ((row[label] ?? Number.NaN) - most) / temperature;
  });
}

/** How many are right, as a fraction, and the mean loss; of no examples, both are 0. */
export function score(answers: Answers): { accuracy: number; crossEntropy: number } {
  const n = answers.labels.length;
  if (n === 0) return { accuracy: 0, crossEntropy: 0 };
  const right = chosen(answers).filter((answer, i) => answer === answers.labels[i]).length;
  const loss = crossEntropies(answers).reduce((sum, each) => sum + each, 0);
  return { accuracy: right / n, crossEntropy: loss / n };
}
