/** Answers to the same examples, in the same order. */
export interface Answers {
  accuracy: number;
  correct: Uint8Array; // [n], 1 where the answer is right
}

/**
 * By how many standard errors one is more accurate than the other; positive if `a` is. Only the examples on which they
 * differ count: the difference is known far better than either accuracy.
 */
export function advantage(a: Answers, b: Answers): number {
  let onlyA = 0;
  let onlyB = 0;
  for (const [i, right] of a.correct.entries()) {
    if (right > (b.correct[i] ?? 0)) onlyA += 1;
    if (right < (b.correct[i] ?? 0)) onlyB += 1;
  }
  return onlyA === onlyB ? 0 : (onlyA - onlyB) / Math.sqrt(onlyA + onlyB);
}

/**
 * The first of some candidates, from the cheapest to the dearest, that no other one beats by more than the margin.
 *
 * @param margin in standard errors
 * @throws Error if there are no candidates
 */
export function cheapestNotBeaten<Candidate extends Answers>(
  candidates: readonly Candidate[],
  margin: number,
): Candidate {
  const best = candidates.find((each) =>
    candidates.every((other) => advantage(other, each) <= margin),
  );
  const [mostAccurate] = [...candidates].sort((a, b) => b.accuracy - a.accuracy); // the margins may go round in a circle
  const choice = best ?? mostAccurate;
  if (!choice) throw new Error('There are no candidates to choose from.');
  return choice;
}
