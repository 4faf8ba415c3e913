import { describe, expect, it } from 'vitest';
import { calibration, crossFitted, fitTemperature } from '#training-image/evaluate/calibration.ts';
import { computeMetrics } from '#training-image/evaluate/metrics.ts';
import type { Predictions } from '#training-image/evaluate/predictions.ts';
import { TrainingInterrupted } from '#training-image/job/errors.ts';
import reference from '../../fixtures/evaluate/reference.json' with { type: 'json' };

const NAMES = ['a', 'b', 'c', 'd'];
const given: Predictions = {
  logits: Float32Array.from(reference.logits.flat()),
  labels: Int32Array.from(reference.labels),
};
const plain = { temperature: 1, why: '' };

/** Logits that predict these classes. */
const predicting = (
  predictions: readonly number[],
  labels: readonly number[],
  classes = 3,
): Predictions => ({
  logits: Float32Array.from(
    predictions.flatMap((predicted) =>
      Array.from({ length: classes }, (_, k) => (k === predicted ? 1 : 0)),
    ),
  ),
  labels: Int32Array.from(labels),
});

describe('computeMetrics', () => {
  it('counts and estimates as scikit-learn does', () => {
    const { test, perClass, confusion, majorityBaseline } = computeMetrics(
      given,
      'hold-out',
      NAMES,
      plain,
      1,
    );

    expect(confusion).toEqual(reference.confusion);
    expect(test.accuracy).toBeCloseTo(reference.accuracy, 12);
    expect(test.balancedAccuracy.value).toBeCloseTo(reference.balanced_accuracy, 12);
    expect(test.macroF1.value).toBeCloseTo(reference.macro_f1, 12);
    for (const [i, { precision, recall, f1 }] of perClass.entries()) {
      expect(precision).toBeCloseTo(reference.precision[i] ?? -1, 12);
      expect(recall).toBeCloseTo(reference.recall[i] ?? -1, 12);
      expect(f1).toBeCloseTo(reference.f1[i] ?? -1, 12);
    }
    expect(test.interval95[0]).toBeCloseTo(reference.wilson[0] ?? -1, 10); // scipy's
    expect(test.interval95[1]).toBeCloseTo(reference.wilson[1] ?? -1, 10);
    expect(majorityBaseline).toBe(61 / 120);
  });

  it('gives the intervals that numpy’s bootstrap gives', () => {
    const { balancedAccuracy, macroF1 } = computeMetrics(given, 'hold-out', NAMES, plain, 1).test;

    for (const k of [0, 1] as const) {
      const [balanced, f1] = [balancedAccuracy.interval95[k], macroF1.interval95[k]];
      // A percentile of 1,000 resamples varies by about 0.005 here; numpy took 20,000.
      expect(Math.abs(balanced - (reference.balanced_accuracy_bootstrap[k] ?? -1))).toBeLessThan(
        0.02,
      );
      expect(Math.abs(f1 - (reference.macro_f1_bootstrap[k] ?? -1))).toBeLessThan(0.02);
    }
  });

  it('draws the same resamples for the same seed, and others for another', () => {
    expect(computeMetrics(given, 'hold-out', NAMES, plain, 1)).toEqual(
      computeMetrics(given, 'hold-out', NAMES, plain, 1),
    );
    expect(computeMetrics(given, 'hold-out', NAMES, plain, 2).test.macroF1.interval95).not.toEqual(
      computeMetrics(given, 'hold-out', NAMES, plain, 1).test.macroF1.interval95,
    );
  });

  it('draws the resamples that it has always drawn', () => {
    const { balancedAccuracy, macroF1 } = computeMetrics(given, 'hold-out', NAMES, plain, 1).test;

    // As of the first version, which built a confusion matrix for each resample.
    expect(balancedAccuracy.interval95).toEqual([0.482129668167048, 0.7482787535547312]);
    expect(macroF1.interval95).toEqual([0.45933761867485534, 0.6608995798452867]);
  });

  it('can be interrupted before each resample', () => {
    let resamples = 0;
    const interrupt = () => {
      resamples += 1;
      if (resamples === 3) throw new TrainingInterrupted('asked');
    };

    expect(() => computeMetrics(given, 'hold-out', NAMES, plain, 1, interrupt)).toThrow(
      TrainingInterrupted,
    );
  });

  it('has no metrics for a class that was not tested, and leaves it out of the means', () => {
    const { perClass, test } = computeMetrics(
      predicting([0, 1], [0, 1]),
      'hold-out',
      ['a', 'b', 'c'],
      plain,
      1,
    );

    expect(perClass[2]).toEqual({
      ...{ name: 'c', n: 0, correct: 0, precision: 0, recall: 0, f1: 0 },
      interval95: [0, 1],
    });
    expect([test.balancedAccuracy.value, test.macroF1.value]).toEqual([1, 1]);
  });

  it('counts an untested class that was predicted in the mean of F1', () => {
    const { test } = computeMetrics(
      predicting([0, 2], [0, 1]),
      'hold-out',
      ['a', 'b', 'c'],
      plain,
      1,
    );

    expect(test.macroF1.value).toBeCloseTo(1 / 3, 12); // sklearn: the mean of 1, 0 and 0
    expect(test.balancedAccuracy.value).toBe(0.5);
  });
});

describe('fitTemperature', () => {
  it('finds the temperature that scipy finds', () => {
    expect(fitTemperature(given).temperature).toBeCloseTo(reference.temperature, 4);
  });

  it.each([
    ['few', predicting([0, 1, 1], [0, 1, 2]), /: 3 held-out images are too few/],
    ['no', predicting([], []), /: 0 held-out images are too few/],
    [
      'only correct',
      predicting(
        Array.from({ length: 60 }, (_, i) => i % 3),
        Array.from({ length: 60 }, (_, i) => i % 3),
      ),
      /: all 60 held-out images are classified correctly/,
    ],
  ])('changes nothing given %s predictions, and says so', (_, predictions, why) => {
    const fitted = fitTemperature(predictions);

    expect(fitted.temperature).toBe(1);
    expect(fitted.why).toMatch(why);
  });
});

describe('crossFitted', () => {
  it('divides the logits of an image by a temperature that does not depend on it', () => {
    const { logits, labels } = given;
    const n = labels.length;
    const classes = logits.length / n;
    const other = Int32Array.from(labels, (label, i) => (i === 7 ? (label + 1) % classes : label));

    const scaled = crossFitted(given).logits;
    const relabelled = crossFitted({ logits, labels: other }).logits;

    const ratioOf = (i: number) => (logits[i * classes] ?? 0) / (scaled[i * classes] ?? 0);
    expect(ratioOf(7)).toBeCloseTo(fitTemperature(given).temperature, 0);
    expect(ratioOf(7)).not.toBeCloseTo(ratioOf(8), 6); // another group has another temperature
    const at7 = (each: Float32Array) => each.slice(7 * classes, 8 * classes);
    expect(at7(relabelled)).toEqual(at7(scaled));
  });

  it('leaves the logits as they are where there is nothing to fit', () => {
    const none = { logits: new Float32Array(), labels: new Int32Array() };
    const few = { logits: Float32Array.of(1, 2, 3, 4), labels: Int32Array.of(0, 0) };

    expect(crossFitted(none)).toEqual(none);
    expect(crossFitted(few)).toEqual(few);
  });
});

describe('calibration', () => {
  it.each([0, 1])('is what numpy and scikit-learn find, before and after: %i', (k) => {
    const { ece, nll } = calibration(given, [1, reference.temperature][k] ?? 0);

    expect(ece).toBeCloseTo(reference.ece[k] ?? -1, 5); // the logits are 32-bit floats
    expect(nll).toBeCloseTo(reference.nll[k] ?? -1, 5);
  });

  it('copes with logits beyond what exp can hold', () => {
    const logits = Float32Array.from([1e4, -1e4, 0, -1e4, 1e4, 0]);

    const { ece, nll } = calibration({ logits, labels: Int32Array.of(0, 0) }, 1);

    expect(ece).toBeCloseTo(0.5, 10);
    expect(nll).toBe(1e4);
  });
});
