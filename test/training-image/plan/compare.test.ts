import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Answers, advantage, cheapestNotBeaten } from '#training-image/plan/compare.ts';

/** Answers of which those at some positions, 0 to 99, are right. */
function right(...ranges: readonly (readonly [from: number, to: number])[]): Answers {
  const correct = Uint8Array.from({ length: 100 }, (_, i) =>
    ranges.some(([from, to]) => i >= from && i < to) ? 1 : 0,
  );
  return { correct, accuracy: correct.reduce((sum, each) => sum + each, 0) / 100 };
}

describe('advantage', () => {
  it('counts only the examples on which the two differ', () => {
    // 9 that only the first gets right, 0 that only the second does: (9 - 0) / √9.
    expect(advantage(right([0, 89]), right([0, 80]))).toBe(3);
    // 16 and 9: (16 - 9) / √25.
    expect(advantage(right([0, 96]), right([0, 80], [91, 100]))).toBeCloseTo(
      (11 - 4) / Math.sqrt(15),
    );
  });

  it('is 0 for equally many right answers, the same ones or others', () => {
    expect(advantage(right([0, 80]), right([0, 80]))).toBe(0);
    expect(advantage(right([0, 80]), right([20, 100]))).toBe(0);
  });

  it('changes its sign when the two change places', () => {
    const bits = fc.uint8Array({ min: 0, max: 1, minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(bits, bits, (a, b) => {
        const [one, other] = [a, b].map((correct) => ({ correct, accuracy: 0 }));
        if (!one || !other) return;
        expect(advantage(one, other) + advantage(other, one)).toBe(0);
      }),
    );
  });
});

describe('cheapestNotBeaten', () => {
  const good = right([0, 80]);
  const slightlyBetter = right([0, 81]); // by one standard error
  const better = right([0, 89]); // by three

  it.each([
    [
      'the first one if a dearer one is not better by more than the margin',
      [good, slightlyBetter],
      1,
      good,
    ],
    ['a dearer one that is', [good, slightlyBetter], 0.9, slightlyBetter],
    ['the cheapest of several that nothing beats', [good, better, right([0, 90])], 1, better],
    ['the first one if the dearer ones are worse', [better, good], 0.5, better],
    ['the only one', [good], 0, good],
  ])('is %s', (_, candidates, margin, expected) => {
    expect(cheapestNotBeaten(candidates, margin)).toBe(expected);
  });

  it('is the most accurate one if each is beaten by another', () => {
    // a is beaten by b, b by c, and c by a, as with the dice that nobody wins with.
    const answers = (correct: number[]) => ({
      correct: Uint8Array.from(correct),
      accuracy: correct.reduce((sum, each) => sum + each, 0) / correct.length,
    });
    const [a, b, c] = [
      answers([1, 0, 0, 1, 0, 0]),
      answers([1, 1, 0, 1, 1, 0]),
      answers([1, 1, 1, 0, 0, 0]),
    ];
    const unreachable = -1; // even an equal one beats another then

    expect(cheapestNotBeaten([a, b, c], unreachable)).toBe(b);
  });

  it('needs a candidate', () => {
    expect(() => cheapestNotBeaten([], 1)).toThrow('no candidates');
  });
});
