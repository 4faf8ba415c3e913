import { describe, expect, it } from 'vitest';
import type { Outcome } from '#training-image/fine-tune/run-epochs.ts';
import { chooseStudent } from '#training-image/plan/choose-student.ts';

const head = { accuracy: 0.8, crossEntropy: 0.5 };
const tuned = (accuracy: number, crossEntropy: number): Outcome => ({
  best: { epoch: 3, accuracy, crossEntropy },
  bestWeights: new Map(),
  epochs: 8,
  stopped: 'no-progress',
  batch: 32,
});

describe('chooseStudent', () => {
  it.each([
    ['more right', tuned(0.9, 0.7), 'blocks:2'],
    ['as many right and a smaller loss', tuned(0.8, 0.4), 'blocks:2'],
    ['as many right and the same loss', tuned(0.8, 0.5), 'head-only'],
    ['as many right and a larger loss', tuned(0.8, 0.6), 'head-only'],
    ['fewer right, whatever the loss', tuned(0.7, 0.1), 'head-only'],
    ['a loss that is no number', tuned(0.8, Number.NaN), 'head-only'],
  ])('given %s', (_, outcome, used) => {
    const choice = chooseStudent('blocks:2', head, outcome);

    expect(choice.used).toBe(used);
    expect(choice.why).toContain('80.0 % (loss 0.500)');
    expect(choice.why).toContain(`${(100 * (outcome.best?.accuracy ?? 0)).toFixed(1)} % (loss `);
  });

  it('says when the budget was over before anything was retrained', () => {
    const choice = chooseStudent('full', head, {
      ...tuned(0, 0),
      best: undefined,
      stopped: 'budget',
    });

    expect(choice).toEqual({
      used: 'head-only',
      why: 'The budget was over before full had begun; the head alone was trained.',
    });
  });

  it('says when a fine-tuning has run away', () => {
    const choice = chooseStudent('full', head, { ...tuned(0, 0), best: undefined });

    expect(choice.used).toBe('head-only');
    expect(choice.why).toContain('the loss was soon no number any more');
  });

  it.each(['auto', 'head-only'])('trains the head only for %s', (asked) => {
    expect(chooseStudent(asked, head, undefined).used).toBe('head-only');
  });
});
