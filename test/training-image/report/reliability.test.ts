import { describe, expect, it } from 'vitest';
import { wilson95 } from '#core/wilson-interval.ts';
import { mulberry32 } from '#training-image/data/seeded-random.ts';
import { calibration } from '#training-image/evaluate/calibration.ts';
import { reliability } from '#training-image/report/reliability.ts';

const answer = (confidence: number, isRight: boolean) => ({
  confidence,
  label: 0,
  predicted: isRight ? 0 : 1,
});

describe('reliability', () => {
  it('gives mean confidence and accuracy of each tenth that has answers', () => {
    const bins = reliability([
      answer(0.3, false), // closed above: with 0.25
      answer(0.25, true),
      answer(0.95, true),
      answer(1, true),
      answer(0.91, false),
    ]);

    expect(bins).toEqual([
      { n: 2, confidence: expect.closeTo(0.275), accuracy: 0.5, interval95: wilson95(1, 2) },
      {
        n: 3,
        confidence: expect.closeTo(2.86 / 3),
        accuracy: 2 / 3,
        interval95: wilson95(2, 3),
      },
    ]);
    expect(reliability([])).toEqual([]);
  });

  it('loses no answer, and keeps their means', () => {
    const random = mulberry32(3);
    const answers = Array.from({ length: 400 }, () => answer(random(), random() < 0.6));

    const bins = reliability(answers);

    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    expect(sum(bins.map(({ n }) => n))).toBe(400);
    expect(sum(bins.map(({ n, confidence }) => n * confidence))).toBeCloseTo(
      sum(answers.map(({ confidence }) => confidence)),
    );
    expect(sum(bins.map(({ n, accuracy }) => n * accuracy))).toBeCloseTo(
      answers.filter(({ predicted }) => predicted === 0).length,
    );
  });

  it('shows the gaps of which the calibration error is the mean, where no bin of that one is divided', () => {
    // Two classes: logits of ln(c / (1 − c)) give the confidence c, in the middle of bins of both widths.
    const confidences = [0.55, 0.55, 0.65, 0.65, 0.65, 0.95, 0.95];
    const logits = confidences.flatMap((c) => [Math.log(c / (1 - c)), 0]);
    const labels = Int32Array.from([0, 1, 0, 0, 1, 0, 0]);

    const bins = reliability(
      confidences.map((confidence, i) => ({ confidence, label: labels[i] ?? 0, predicted: 0 })),
    );

    const gaps = bins.map(({ n, confidence, accuracy }) => n * Math.abs(confidence - accuracy));
    const { ece } = calibration({ logits: Float32Array.from(logits), labels }, 1);
    expect(gaps.reduce((a, b) => a + b, 0) / 7).toBeCloseTo(ece);
  });
});
