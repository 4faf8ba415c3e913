import { describe, expect, it } from 'vitest';
import { lrScaleAt, scheduleFor } from '#training-image/fine-tune/schedule.ts';

describe('the schedule of a fine-tuning', () => {
  it.each([
    [10, 20, 8],
    [200, 20, 16],
    [850, 14, 32],
    [1_000, 12, 32],
    [100_000, 5, 32],
  ])('for %i examples has %i epochs and batches of %i', (examples, epochs, batchSize) => {
    expect(scheduleFor(examples, 2)).toMatchObject({ epochs, batchSize });
  });

  it('is slower and does not smooth the labels for few examples', () => {
    const [few, many] = [scheduleFor(100, 1), scheduleFor(1_000, 1)];

    expect(few.learningRates[0]).toBeLessThan(many.learningRates[0] ?? 0);
    expect([few.labelSmoothing, many.labelSmoothing]).toEqual([0, 0.1]);
  });

  it('changes all blocks equally fast, and the head, which is fitted already, less', () => {
    expect(scheduleFor(1_000, 3).learningRates).toEqual([
      ...[3e-4, 3e-4, 3e-4],
      expect.closeTo(3e-5, 10), // the head
    ]);
  });
});

describe('the learning rate', () => {
  it.each([
    [0, 0],
    [0.05, 0.5],
    [0.1, 1], // the end of the warm-up
    [0.325, (1 + Math.SQRT1_2) / 2],
    [0.55, 0.5], // the middle of the cosine
    [1, 0],
  ])('after %f of the schedule is multiplied by %f', (done, scale) => {
    expect(lrScaleAt(done)).toBeCloseTo(scale, 10);
  });
});
