import { describe, expect, it } from 'vitest';
import type { Predictions } from '#training-image/evaluate/predictions.ts';
import { chooseStudent } from '#training-image/plan/choose-student.ts';

const N = 100;

/** Predictions for examples of class 0. Those in the range are correct, all with the same confidence. */
function correct(from: number, to: number, margin = 1): Predictions {
  const logits = Array.from({ length: N }, (_, i) =>
    i >= from && i < to ? [margin, 0] : [0, margin],
  );
  return { logits: Float32Array.from(logits.flat()), labels: new Int32Array(N) };
}

const head = correct(0, 80);
const why = 'The recipe asks for it.';

/** The choice between the head and a fine-tuned student with these predictions. */
function choose(
  tuned: Predictions | undefined,
  stopped: 'schedule' | 'budget' | 'diverged' = 'schedule',
) {
  const outcome = { weights: undefined, epochs: 1, stopped, batchSize: 8 };
  return chooseStudent(
    { why },
    { regime: 'blocks:2', outcome, predictions: tuned, headPredictions: head },
  );
}

describe('chooseStudent', () => {
  it.each([
    ['a significantly higher accuracy', correct(0, 90), 'blocks:2', '90.0%', '10 gained, 0 lost'],
    ['a significantly lower accuracy', correct(0, 70), 'head-only', '70.0%', '0 gained, 10 lost'],
  ])('goes by the accuracy given %s', (_, tuned, used, accuracy, counts) => {
    const choice = choose(tuned);

    expect(choice.used).toBe(used);
    expect(choice.why).toContain(
      `of 100 images that neither learned from, fine-tuning classified ${accuracy} correctly, the head alone 80.0% (${counts}; p = 0.002`,
    );
    expect(choice.why).not.toContain('loss');
  });

  it.each([
    ['a smaller loss', correct(2, 83), 'blocks:2'],
    ['a larger loss', correct(2, 79), 'head-only'],
    ['the same loss', correct(2, 82), 'head-only'],
    ['the same loss but for its confidence', correct(2, 82, 9), 'head-only'],
    ['a smaller loss but for its confidence', correct(2, 83, 9), 'blocks:2'],
  ])('goes by the loss after temperature scaling given %s', (_, tuned, used) => {
    const choice = choose(tuned);

    expect(choice.used).toBe(used);
    expect(choice.why).toMatch(
      /may be chance, and its loss .* is 0\.\d{3}, that of the head 0\.500/,
    );
  });

  it('says when the budget was over before anything was retrained', () => {
    expect(choose(undefined, 'budget')).toEqual({
      used: 'head-only',
      why: `${why} The time budget ended before blocks:2 fine-tuning began; the head-only model is shipped.`,
    });
  });

  it('ships the head after a divergence, whatever other splits gave', () => {
    expect(choose(correct(0, 95), 'diverged')).toEqual({
      used: 'head-only',
      why: `${why} Fine-tuning diverged (the loss was no longer finite); the head-only model is shipped.`,
    });
  });

  it('takes the head if nothing was fine-tuned, for the reason that was given before', () => {
    expect(chooseStudent({ why: 'Similar.' }, undefined)).toEqual({
      used: 'head-only',
      why: "Similar. The backbone is bit-identical to the teacher's.",
    });
  });

  it.each([
    ['wins', correct(0, 90), 'Fine-tuning improved the model: '],
    ['loses', correct(0, 70), 'Fine-tuning did not improve the model: '],
  ])('begins with the reason for fine-tuning when that %s', (_, tuned, words) => {
    expect(choose(tuned).why).toMatch(new RegExp(`^${why} ${words}`));
  });
});
