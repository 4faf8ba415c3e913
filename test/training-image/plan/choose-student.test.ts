import { describe, expect, it } from 'vitest';
import type { Outcome } from '#training-image/fine-tune/run-epochs.ts';
import { chooseStudent } from '#training-image/plan/choose-student.ts';

const head = { accuracy: 0.8, crossEntropy: 0.5 };
const tuned = (accuracy: number, crossEntropy: number): Outcome => ({
  best: { epoch: 3, accuracy, crossEntropy },
  bestWeights: new Map(),
  epochs: 8,
  stopped: 'early-stopping',
  batchSize: 32,
});

describe('chooseStudent', () => {
  it.each([
    ['a higher accuracy', tuned(0.9, 0.7), 'blocks:2'],
    ['the same accuracy and a smaller loss', tuned(0.8, 0.4), 'blocks:2'],
    ['the same accuracy and the same loss', tuned(0.8, 0.5), 'head-only'],
    ['the same accuracy and a larger loss', tuned(0.8, 0.6), 'head-only'],
    ['a lower accuracy, whatever the loss', tuned(0.7, 0.1), 'head-only'],
    ['the same accuracy and a loss of NaN', tuned(0.8, Number.NaN), 'head-only'],
  ])('given %s', (_, outcome, used) => {
    const choice = chooseStudent('blocks:2', head, outcome);

    expect(choice.used).toBe(used);
    expect(choice.why).toContain('80.0% (loss 0.500)');
    expect(choice.why).toContain(`${(100 * (outcome.best?.accuracy ?? 0)).toFixed(1)}% (loss `);
  });

  it('says when the budget was over before anything was retrained', () => {
    const choice = chooseStudent('full', head, {
      ...tuned(0, 0),
      best: undefined,
      stopped: 'budget',
    });

    expect(choice).toEqual({
      used: 'head-only',
      why: 'The time budget ended before full fine-tuning began; the head-only model is shipped.',
    });
  });

  it('ships the head after a divergence, however good an earlier epoch was', () => {
    const choice = chooseStudent('full', head, { ...tuned(0.9, 0.1), stopped: 'diverged' });

    expect(choice).toEqual({
      used: 'head-only',
      why: 'Fine-tuning diverged (the loss was no longer finite); the head-only model is shipped.',
    });
  });

  it.each(['auto', 'head-only'])('trains the head only for %s', (requested) => {
    expect(chooseStudent(requested, head, undefined).used).toBe('head-only');
  });
});
