import { at } from '#core/at.ts';

/** The outputs of a student for one image. */
export type Outputs = {
  logits: Float32Array; // [classes]
  probabilities?: Float32Array; // [classes], where the model computes them
};

/**
 * The largest difference of two logits that counts as agreement, as a fraction of the spread (maximum − minimum) of all
 * measured logits. The scale of logits is arbitrary, and rounding errors grow with it: float32 sums in another order change
 * them by about 1e-6 of the spread (measured), and TF32 rounds each factor by up to 5e-4. A network with wrong weights is
 * off by a large part of the spread.
 */
const RELATIVE = 1e-3;
const ABSOLUTE = 1e-5; // where all logits are the same, and nothing but rounding is left

/**
 * Compares the outputs of a saved student with the logits of the student that was evaluated.
 *
 * @param found of each image
 * @param measured of the same images: their logits, [classes]
 * @throws Error unless they agree
 */
export function requireAgreement(
  found: readonly Outputs[],
  measured: readonly Float32Array[],
  temperature: number,
): void {
  const all = measured.flatMap((logits) => [...logits]);
  const spread = all.reduce((a, b) => Math.max(a, b)) - all.reduce((a, b) => Math.min(a, b));
  const tolerance = ABSOLUTE + RELATIVE * spread;
  // Softmax changes by at most half as much as its inputs.
  const probabilityTolerance = ABSOLUTE + (RELATIVE * spread) / (2 * temperature);

  for (const [i, { logits, probabilities }] of found.entries()) {
    const expected = at(measured, i);
    requireWithin('logits', difference(logits, expected), tolerance);
    if (!probabilities) continue;
    const softmaxed = softmax(expected, temperature);
    requireWithin('probabilities', difference(probabilities, softmaxed), probabilityTolerance);
  }
}

function requireWithin(what: string, difference: number, tolerance: number): void {
  if (difference <= tolerance) return; // false for NaN too
  throw new Error(
    `The saved student's ${what} differ by ${difference} from those that were measured; ${tolerance} is allowed.`,
  );
}

/** The largest absolute difference; NaN if one of the values is, or if the lengths differ. */
function difference(a: Float32Array, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  return a.reduce((worst, each, i) => Math.max(worst, Math.abs(each - at(b, i))), 0);
}

function softmax(logits: Float32Array, temperature: number): number[] {
  const most = Math.max(...logits);
  const exponentials = Array.from(logits, (logit) => Math.exp((logit - most) / temperature));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((each) => each / sum);
}
