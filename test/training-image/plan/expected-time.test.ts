import { describe, expect, it } from 'vitest';
import { expectedTime } from '#training-image/plan/expected-time.ts';

const plan = { secondsPerImage: 0.01 };
const freeze = { retrained: 4, seconds: 60, secondsLeft: 1_000, splits: 1, runsAfter: 0 };

describe('expectedTime', () => {
  it('counts every fine-tuning, the race as one', () => {
    const several = { ...freeze, splits: 3, runsAfter: 1 };

    expect(expectedTime(plan, freeze, 1_000, false).fineTuning).toBe(60);
    expect(expectedTime(plan, freeze, 1_000, true).fineTuning).toBe(120);
    expect(expectedTime(plan, several, 1_000, false).fineTuning).toBe(240);
  });

  it('is never more than the budget leaves, and nothing if only the head is trained', () => {
    expect(expectedTime(plan, { ...freeze, secondsLeft: 45 }, 1_000, true).fineTuning).toBe(45);
    expect(expectedTime(plan, { ...freeze, secondsLeft: -5 }, 1_000, true).fineTuning).toBe(0);
    expect(expectedTime(plan, { ...freeze, retrained: 0 }, 1_000, false).fineTuning).toBe(0);
  });

  it('grows with the images', () => {
    const few = expectedTime(plan, freeze, 1_000, false);
    const many = expectedTime(plan, freeze, 10_000, false);

    expect(few.features).toBeCloseTo(10);
    expect(many.features).toBeCloseTo(100);
    expect(many.rest).toBeGreaterThan(few.rest);
  });
});
