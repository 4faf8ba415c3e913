import { describe, expect, it } from 'vitest';
import { lrScaleAt, scheduleFor } from '#training-image/fine-tune/schedule.ts';

describe('the schedule of a fine-tuning', () => {
  it.each([
    [10, 20, 8],
    [320, 20, 32],
    [200, 20, 16],
    [1_000, 10, 32],
    [100_000, 5, 32],
  ])('for %i examples has at most %i epochs and batches of %i', (examples, epochs, batchSize) => {
    expect(scheduleFor(examples, 2)).toMatchObject({ epochs, batchSize });
  });

  it('changes blocks less the further they are from the head', () => {
    const { learningRates } = scheduleFor(1_000, 3);

    expect(learningRates.map((rate) => rate / 3e-5)).toEqual([
      expect.closeTo(0.49),
      expect.closeTo(0.7),
      1, // the last block
      1, // the head
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
