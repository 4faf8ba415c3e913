import { at } from '#core/at.ts';

/** Two classes that are taken for each other; indices of classes. */
export interface ConfusedPair {
  a: number;
  b: number;
  aForB: number; // images of a that were taken for b
  bForA: number;
}

/**
 * The pairs of classes that are taken for each other, the most frequent first; of equally frequent ones, that with the
 * larger share of its images.
 *
 * @param confusion rows: the true class; columns: the predicted one
 */
export function confusedPairs(confusion: readonly (readonly number[])[]): ConfusedPair[] {
  const sizes = confusion.map((row) => row.reduce((sum, each) => sum + each, 0));
  const pairs: ConfusedPair[] = [];
  for (const [a, row] of confusion.entries()) {
    for (let b = a + 1; b < row.length; b++) {
      const [aForB, bForA] = [at(row, b), at(at(confusion, b), a)];
      if (aForB === 0 && bForA === 0) continue;
      // The first named is the one that is mistaken more often.
      pairs.push(
        aForB >= bForA ? { a, b, aForB, bForA } : { a: b, b: a, aForB: bForA, bForA: aForB },
      );
    }
  }
  const times = ({ aForB, bForA }: ConfusedPair) => aForB + bForA;
  const share = (pair: ConfusedPair) => times(pair) / (at(sizes, pair.a) + at(sizes, pair.b));
  return pairs.sort((one, other) => times(other) - times(one) || share(other) - share(one));
}
