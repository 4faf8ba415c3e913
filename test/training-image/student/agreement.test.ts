import { describe, expect, it } from 'vitest';
import { requireAgreement } from '#training-image/student/agreement.ts';

const TEMPERATURE = 2;

/** Logits of two images and three classes, from -scale to scale. */
const logits = (scale: number) => [
  Float32Array.of(-scale, 0, scale),
  Float32Array.of(0.5 * scale, 0, 0),
];

const shifted = (scale: number, by: number) =>
  logits(scale).map((each) => ({ logits: each.map((logit, i) => logit + (i === 1 ? by : 0)) }));

function softmax(values: Float32Array): Float32Array {
  const exponentials = values.map((each) => Math.exp(each / TEMPERATURE));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((each) => each / sum);
}

describe('requireAgreement', () => {
  it.each([0.01, 1, 100])('allows a thousandth of the spread of logits up to %s', (scale) => {
    const spread = 2 * scale;

    requireAgreement(shifted(scale, 0.0009 * spread), logits(scale), TEMPERATURE);
    expect(() =>
      requireAgreement(shifted(scale, 0.003 * spread), logits(scale), TEMPERATURE),
    ).toThrow(/logits differ by/);
  });

  it('takes the spread over all images, not each one', () => {
    const measured = [Float32Array.of(0, 10), Float32Array.of(1, 1)];
    const found = [Float32Array.of(0, 10), Float32Array.of(1, 1.005)];

    requireAgreement(
      found.map((each) => ({ logits: each })),
      measured,
      TEMPERATURE,
    );
  });

  it('allows rounding where all logits are the same', () => {
    const measured = [Float32Array.of(1, 1)];

    requireAgreement([{ logits: Float32Array.of(1, 1.000001) }], measured, TEMPERATURE);
    expect(() =>
      requireAgreement([{ logits: Float32Array.of(1, 1.001) }], measured, TEMPERATURE),
    ).toThrow();
  });

  it('compares probabilities at the temperature', () => {
    const measured = logits(3);
    const right = measured.map((each) => ({ logits: each, probabilities: softmax(each) }));
    const wrong = right.map((each) => ({
      ...each,
      probabilities: each.probabilities.map((p) => p + 0.01),
    }));

    requireAgreement(right, measured, TEMPERATURE);
    expect(() => requireAgreement(wrong, measured, TEMPERATURE)).toThrow(/probabilities differ/);
    expect(() => requireAgreement(right, measured, 1)).toThrow(/probabilities differ/);
  });

  it.each([
    ['NaN', Float32Array.of(Number.NaN, 0, 1)],
    ['another number of classes', Float32Array.of(0, 1)],
  ])('refuses %s', (_, found) => {
    const measured = [Float32Array.of(0, 0, 1)];

    expect(() => requireAgreement([{ logits: found }], measured, TEMPERATURE)).toThrow();
  });
});
