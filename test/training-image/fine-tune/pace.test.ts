import { describe, expect, it } from 'vitest';
import { examplesIn, startPace } from '#training-image/fine-tune/pace.ts';

describe('the pace of an epoch', () => {
  it('counts the frozen blocks once, and the steps in proportion', () => {
    let now = 100;
    const pace = startPace(() => now, 80);
    expect(pace.epochSeconds()).toBeUndefined();

    now += 30; // the frozen blocks, on all images
    pace.haveInput();
    expect(pace.epochSeconds()).toBeUndefined();
    for (let step = 0; step < 2; step++) {
      now += 5;
      pace.haveInput();
      pace.haveTrainedOn(10);
    }

    expect(pace.epochSeconds()).toBe(30 + (80 / 20) * 10);
  });

  it.each([
    [100, 10, 800],
    [5, 10, 40],
    [0, 10, 0],
    [-5, 10, 0],
    [100, 0, Infinity],
  ])(
    'says that %d seconds, at %d an epoch, hold %d examples',
    (seconds, epochSeconds, examples) => {
      expect(examplesIn(seconds, epochSeconds, 80)).toBe(examples);
    },
  );
});
