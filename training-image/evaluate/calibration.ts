import { type Answers, argMax, chosen, crossEntropies } from './predictions.ts';

const BINS = 15; // Guo et al. 2017
const FEWEST = 50; // examples; chosen: with fewer, the temperature is mostly chance

export interface Temperature {
  temperature: number;
  why: string;
}

/**
 * By how much logits have to be divided so that their probabilities are as right as they are sure
 * (Guo et al., On Calibration of Modern Neural Networks, ICML 2017): the one with the smallest loss.
 *
 * @param validation what the student was not fitted on
 */
export function fitTemperature(validation: Answers): Temperature {
  const n = validation.labels.length;
  if (n < FEWEST) {
    const why = `${n} validation images are too few to tell how sure the student may be; it takes ${FEWEST}.`;
    return { temperature: 1, why };
  }
  const answers = chosen(validation);
  if (validation.labels.every((label, i) => answers[i] === label)) {
    const why = `All ${n} validation images are named right; that sets no bound to how sure the student may be.`;
    return { temperature: 1, why };
  }
  const loss = (logTemperature: number) =>
    crossEntropies(validation, Math.exp(logTemperature)).reduce((sum, each) => sum + each, 0) / n;
  const temperature = Math.exp(goldenSection(loss, Math.log(1 / 20), Math.log(20)));
  return { temperature, why: `The smallest loss on ${n} validation images.` };
}

/** Of a function with one minimum between two places. */
function goldenSection(f: (x: number) => number, from: number, to: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [from, to];
  let [left, right] = [b - ratio * (b - a), a + ratio * (b - a)];
  let [atLeft, atRight] = [f(left), f(right)];
  while (b - a > 1e-6) {
    if (atLeft < atRight) {
      [b, right, atRight] = [right, left, atLeft];
      left = b - ratio * (b - a);
      atLeft = f(left);
    } else {
      [a, left, atLeft] = [left, right, atRight];
      right = a + ratio * (b - a);
      atRight = f(right);
    }
  }
  return (a + b) / 2;
}

/** The expected calibration error, in bins of equal width, and the mean loss. */
export function calibration(answers: Answers, temperature: number): { ece: number; nll: number } {
  const { logits, labels } = answers;
  const n = labels.length;
  if (n === 0) return { ece: 0, nll: 0 };
  const classes = logits.length / n;
  const bins = Array.from({ length: BINS }, () => ({ sure: 0, right: 0 }));
  for (const [i, label] of labels.entries()) {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    const answer = argMax(row);
    const most = row[answer] ?? 0;
    const sum = row.reduce((total, each) => total + Math.exp((each - most) / temperature), 0);
    const sure = 1 / sum;
    // Bins are open below and closed above, as in the paper; 1/classes is the least there can be.
    const bin = bins[Math.min(BINS - 1, Math.max(0, Math.ceil(sure * BINS) - 1))];
    if (!bin) continue;
    bin.sure += sure;
    bin.right += answer === label ? 1 : 0;
  }
  const ece = bins.reduce((sum, { sure, right }) => sum + Math.abs(sure - right), 0) / n;
  const nll = crossEntropies(answers, temperature).reduce((sum, each) => sum + each, 0) / n;
  return { ece, nll };
}
