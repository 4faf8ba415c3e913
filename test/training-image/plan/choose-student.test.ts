import { describe, expect, it } from 'vitest';
import type { Predictions } from '#training-image/evaluate/predictions.ts';
import type { Outcome } from '#training-image/fine-tune/run-epochs.ts';
import { chooseStudent } from '#training-image/plan/choose-student.ts';

const N = 100;

/** Predictions for examples of class 0. Those in the range are correct, all with the same confidence. */
function correct(from: number, to: number, margin = 1): Predictions {
  const logits = Array.from({ length: N }, (_, i) =>
    i >= from && i < to ? [margin, 0] : [0, margin],
  );
  return { logits: Float32Array.from(logits.flat()), labels: new Int32Array(N) };
}

const freeze = { regime: 'blocks:2', why: 'The recipe requests it.' } as const;
const headPredictions = correct(0, 80);

/** A fine-tuning that ended like this. */
const tuning = (
  predictions: Predictions | undefined,
  stopped: Outcome['stopped'] = 'schedule',
): Parameters<typeof chooseStudent>[1] => ({
  regime: 'blocks:2',
  outcome: { weights: new Map(), epochs: 3, stopped, batchSize: 32, curve: [] },
  predictions,
  headPredictions,
});

describe('chooseStudent', () => {
  it.each([
    ['a significantly higher accuracy', correct(0, 90), 'blocks:2', '90.0%', '10 gained, 0 lost'],
    ['a significantly lower accuracy', correct(0, 70), 'head-only', '70.0%', '0 gained, 10 lost'],
  ])('goes by the accuracy given %s', (_, tuned, used, accuracy, counts) => {
    const choice = chooseStudent(freeze, tuning(tuned));

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
    const choice = chooseStudent(freeze, tuning(tuned));

    expect(choice.used).toBe(used);
    expect(choice.why).toMatch(
      /may be chance, and the loss .* is 0\.\d{3} with fine-tuning, 0\.500 without/,
    );
  });

  it('says when the budget was over before anything was retrained', () => {
    expect(chooseStudent(freeze, tuning(undefined, 'budget'))).toEqual({
      used: 'head-only',
      why: 'The recipe requests it. The time budget ended before blocks:2 fine-tuning began; the head-only model is shipped.',
    });
  });

  it('ships the head after a divergence', () => {
    expect(chooseStudent(freeze, tuning(undefined, 'diverged'))).toEqual({
      used: 'head-only',
      why: 'The recipe requests it. Fine-tuning diverged (the loss was no longer finite); the head-only model is shipped.',
    });
  });

  it('ships the head if nothing was fine-tuned', () => {
    expect(chooseStudent(freeze, undefined).used).toBe('head-only');
  });
});
