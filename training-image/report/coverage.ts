import { type Answer, isRight } from '../evaluate/answers.ts';

/** What a student achieves that only answers when it is at least so sure. */
export interface CoveragePoint {
  threshold: number; // of the confidence, 0..1
  answered: number; // images
  correct: number; // of those
}

/**
 * The trade-off between answering and being right (El-Yaniv & Wiener, JMLR 11 (2010)): a point for each confidence, from
 * the largest one down. Images of the same confidence are answered together.
 */
export function coverageCurve(
  answers: readonly Pick<Answer, 'confidence' | 'label' | 'predicted'>[],
): CoveragePoint[] {
  const curve: CoveragePoint[] = [];
  let [answered, correct] = [0, 0];
  for (const answer of [...answers].sort((a, b) => b.confidence - a.confidence)) {
    answered += 1;
    correct += isRight(answer) ? 1 : 0;
    const point = { threshold: answer.confidence, answered, correct };
    if (curve.at(-1)?.threshold === answer.confidence) curve.pop();
    curve.push(point);
  }
  return curve;
}

/** The point with the highest threshold at which at least this share of all images is answered. */
export function atCoverage(
  curve: readonly CoveragePoint[],
  share: number,
): CoveragePoint | undefined {
  const all = curve.at(-1)?.answered ?? 0;
  return curve.find(({ answered }) => answered >= share * all - 1e-9);
}

/** Evenly spaced points of a curve, the last one included; a plot needs no more. */
export function thinned(curve: readonly CoveragePoint[], points: number): CoveragePoint[] {
  if (curve.length <= points) return [...curve];
  const step = (curve.length - 1) / (points - 1);
  const kept = new Set(Array.from({ length: points }, (_, i) => Math.round(i * step)));
  return curve.filter((_, i) => kept.has(i));
}
