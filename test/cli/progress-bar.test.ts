import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeProgress, type Progress, progressBar, startEta } from '#cli/progress-bar.ts';

const progress = (given: Partial<Progress> = {}): Progress => ({
  step: 'fine-tune',
  done: 1_440,
  of: 3_200,
  epoch: { number: 4, validationAccuracy: 0.95 },
  secondsLeft: 72,
  ...given,
});

describe('describeProgress', () => {
  it('counts only where there is something to count', () => {
    const decode = { step: 'decode', done: 1_000, of: 2_000, epoch: undefined };
    expect(describeProgress({ ...decode, secondsLeft: undefined })).toBe(
      'Decoding images: 1,000 of 2,000',
    );
    expect(
      describeProgress(progress({ step: 'fit-head', done: 0, of: 1, secondsLeft: undefined })),
    ).toBe('Training the head with the chosen settings');
  });

  it('tells the time that is left and the last epoch of fine-tuning', () => {
    expect(describeProgress(progress())).toBe(
      'Fine-tuning: 1,440 of 3,200, 72 s left, epoch 4: 95.0% of the validation images correct',
    );
    expect(describeProgress(progress({ epoch: { number: 4 } }))).toMatch(/, epoch 4 done$/);
    expect(describeProgress(progress({ step: 'head' }))).not.toContain('epoch');
    expect(describeProgress(progress({ step: 'plan', done: 1, of: 1 }))).not.toContain('left');
  });
});

describe('progressBar', () => {
  it('has a bar as long as what is done', () => {
    const bar = progressBar(progress({ done: 8, of: 10, epoch: undefined }), 100);

    expect(bar).toBe(`Fine-tuning ${'█'.repeat(24)}${'░'.repeat(6)} 8 of 10 · 72 s left`);
  });

  it('fits into any terminal, and leaves out the less important first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), fc.nat(3_200), (columns, done) => {
        const bar = progressBar(progress({ done }), columns);

        expect(bar.length).toBeLessThanOrEqual(columns);
        if (columns >= 40) expect(bar).toContain(' of 3,200');
        const single = { ...progress({ step: 'plan', done: 0, of: 1 }) };
        expect(progressBar(single, columns).length).toBeLessThanOrEqual(columns);
      }),
      { seed: 1 },
    );
    expect(progressBar(progress(), 60)).not.toContain('epoch');
    expect(progressBar(progress(), 60)).toContain('72 s left');
  });
});

describe('startEta', () => {
  it('follows the pace of the step, once there is one', () => {
    let now = 0;
    const secondsLeft = startEta(() => now);
    const at = (ms: number, done: number, step = 'decode') => {
      now = ms;
      return secondsLeft({ step, done, of: 100 });
    };

    expect(at(0, 10)).toBeUndefined();
    expect(at(1_000, 12)).toBeUndefined(); // too early to tell
    expect(at(4_000, 30)).toBe(14); // 5 per second, and 70 left
    expect(at(5_000, 0, 'features')).toBeUndefined(); // another step
    expect(at(9_000, 0, 'features')).toBeUndefined(); // nothing done yet
    expect(at(10_000, 50, 'features')).toBe(5);
    expect(at(11_000, 20, 'features')).toBeUndefined(); // it began again
  });
});
