import { describe, expect, it } from 'vitest';
import { mulberry32 } from '#training-image/data/seeded-random.ts';
import { atCoverage, coverageCurve, thinned } from '#training-image/report/coverage.ts';

const answer = (confidence: number, isRight: boolean) => ({
  confidence,
  label: 0,
  predicted: isRight ? 0 : 1,
});

/** Answers of which the surer ones are right more often; some are equally sure. */
function someAnswers(n: number) {
  const random = mulberry32(5);
  return Array.from({ length: n }, () => {
    const confidence = Math.round(200 * random()) / 200;
    return answer(confidence, random() < confidence);
  });
}

describe('coverageCurve', () => {
  it('counts for each threshold what is answered and what is right', () => {
    const curve = coverageCurve([answer(0.5, false), answer(0.9, true), answer(0.7, true)]);

    expect(curve).toEqual([
      { threshold: 0.9, answered: 1, correct: 1 },
      { threshold: 0.7, answered: 2, correct: 2 },
      { threshold: 0.5, answered: 3, correct: 2 },
    ]);
  });

  it('agrees with counting anew for each threshold', () => {
    const answers = someAnswers(500);

    const curve = coverageCurve(answers);

    expect(curve).toHaveLength(new Set(answers.map(({ confidence }) => confidence)).size);
    for (const { threshold, answered, correct } of curve) {
      const given = answers.filter(({ confidence }) => confidence >= threshold);
      const right = given.filter(({ label, predicted }) => label === predicted);
      expect([answered, correct]).toEqual([given.length, right.length]);
    }
  });

  it('is empty without answers', () => {
    expect(coverageCurve([])).toEqual([]);
  });
});

describe('atCoverage', () => {
  it('is the highest threshold that answers at least so many', () => {
    const curve = coverageCurve(someAnswers(500));

    const point = atCoverage(curve, 0.9);

    expect(point?.answered).toBeGreaterThanOrEqual(450);
    const before = curve[curve.findIndex(({ answered }) => answered === point?.answered) - 1];
    expect(before?.answered).toBeLessThan(450);
    expect(atCoverage(curve, 1)).toBe(curve.at(-1));
    expect(atCoverage([], 0.9)).toBeUndefined();
  });
});

describe('thinned', () => {
  it('keeps so many points, the first and the last among them', () => {
    const curve = coverageCurve(Array.from({ length: 1_000 }, (_, i) => answer(i / 1_000, true)));

    const points = thinned(curve, 50);

    expect(points).toHaveLength(50);
    expect([points[0], points.at(-1)]).toEqual([curve[0], curve.at(-1)]);
    expect(thinned(points, 50)).toEqual(points);
  });
});
