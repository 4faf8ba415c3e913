import { at } from '#core/at.ts';
import { argMax, crossEntropies, type Predictions, predictedClasses } from './predictions.ts';

const BINS = 15; // Guo et al. 2017
const MIN_EXAMPLES = 50; // chosen: with fewer, the temperature is mostly noise

export interface Temperature {
  temperature: number;
  why: string; // in the words of the card
}

/**
 * Fits the temperature that logits are divided by so that confidences match accuracies
 * (Guo et al., On Calibration of Modern Neural Networks, ICML 2017): the one with the smallest loss.
 *
 * @param validation predictions for examples that the student was not fitted on
 */
export function fitTemperature(validation: Predictions): Temperature {
  const n = validation.labels.length;
  if (n < MIN_EXAMPLES) {
    const why = `Not calibrated: ${n} held-out images are too few; at least ${MIN_EXAMPLES} are needed.`;
    return { temperature: 1, why };
  }
  const predictions = predictedClasses(validation);
  if (validation.labels.every((label, i) => predictions[i] === label)) {
    const why = `Not calibrated: all ${n} held-out images are classified correctly, so the loss has no minimum.`;
    return { temperature: 1, why };
  }
  const { temperature } = smallestLoss(validation);
  return { temperature, why: `It minimises the loss on ${n} held-out images.` };
}

const GROUPS = 5; // chosen

/**
 * The predictions with each logit divided by a temperature that was fitted to the others: what they would be like on new
 * images. With cross-validation, the images that the temperature is fitted to are also those that the student is tested on.
 */
export function crossFitted({ logits, labels }: Predictions): Predictions {
  const n = labels.length;
  const classes = n === 0 ? 0 : logits.length / n;
  const scaled = Float32Array.from(logits);
  for (let group = 0; group < GROUPS; group++) {
    const others = [...labels.keys()].filter((i) => i % GROUPS !== group);
    const { temperature } = fitTemperature({
      logits: Float32Array.from(
        others.flatMap((i) => [...logits.subarray(i * classes, (i + 1) * classes)]),
      ),
      labels: Int32Array.from(others, (i) => at(labels, i)),
    });
    for (let i = group; i < n; i += GROUPS) {
      for (let c = i * classes; c < (i + 1) * classes; c++) scaled[c] = at(logits, c) / temperature;
    }
  }
  return { logits: scaled, labels };
}

/**
 * The mean loss at the temperature at which it is smallest, in nats. Students are compared by it: without a temperature, a
 * student that is merely too confident would count as worse.
 */
export function smallestLoss(predictions: Predictions): { temperature: number; loss: number } {
  const lossAt = (logTemperature: number) => meanLoss(predictions, Math.exp(logTemperature));
  const temperature = Math.exp(goldenSection(lossAt, Math.log(1 / 20), Math.log(20)));
  return { temperature, loss: meanLoss(predictions, temperature) };
}

const meanLoss = (predictions: Predictions, temperature: number): number =>
  crossEntropies(predictions, temperature).reduce((sum, each) => sum + each, 0) /
  predictions.labels.length;

/** The minimum of a unimodal function on an interval. */
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

/** The expected calibration error, in bins of equal width, and the mean negative log-likelihood in nats. */
export function calibration(
  predictions: Predictions,
  temperature: number,
): { ece: number; nll: number } {
  const { logits, labels } = predictions;
  const n = labels.length;
  if (n === 0) return { ece: 0, nll: 0 };
  const classes = logits.length / n;
  const bins = Array.from({ length: BINS }, () => ({ confidence: 0, correct: 0 })); // sums
  for (const [i, label] of labels.entries()) {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    const predicted = argMax(row);
    const max = at(row, predicted);
    const sum = row.reduce((total, each) => total + Math.exp((each - max) / temperature), 0);
    const confidence = 1 / sum;
    if (Number.isNaN(confidence)) continue;
    // Bins are open below and closed above, as in the paper.
    const bin = at(bins, Math.min(BINS - 1, Math.max(0, Math.ceil(confidence * BINS) - 1)));
    bin.confidence += confidence;
    bin.correct += predicted === label ? 1 : 0;
  }
  const gaps = bins.reduce((sum, bin) => sum + Math.abs(bin.confidence - bin.correct), 0);
  return { ece: gaps / n, nll: meanLoss(predictions, temperature) };
}
