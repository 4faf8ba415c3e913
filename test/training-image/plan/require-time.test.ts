import { describe, expect, it } from 'vitest';
import type { Plan } from '#training-image/plan/make-plan.ts';
import { requireTime } from '#training-image/plan/require-time.ts';

/** A plan that took ten seconds, for images that take 0.1 s each. */
const plan = {
  ...{ teacher: 'small', px: 96, secondsPerImage: 0.1 },
  facts: { seconds: 10 },
} as Plan;

describe('requireTime', () => {
  it.each([
    [1_000, 170], // 10 + 1.3 × 100 + 30
    [10_000, 3600],
  ])('lets a training begin that there is time for: %i images, %i s', (examples, seconds) => {
    expect(() => requireTime(plan, examples, seconds)).not.toThrow();
  });

  it('refuses one that there is no time for, and says what would be enough', () => {
    expect(() => requireTime(plan, 10_000, 600)).toThrow(
      expect.objectContaining({
        code: 'BUDGET_TOO_SMALL',
        message:
          '10,000 images take about 23 minutes on this machine even at 96 px with small, and the budget is 10; set budget.minutes to 35 or more.',
      }),
    );
  });

  it('asks for a budget that it then accepts', () => {
    for (const examples of [2_000, 10_000, 123_456]) {
      const message = (() => {
        try {
          requireTime(plan, examples, 60);
        } catch (error) {
          return String(error);
        }
        return '';
      })();
      const minutes = Number(/minutes to (\d+)/.exec(message)?.[1]);

      expect(() => requireTime(plan, examples, 60 * minutes)).not.toThrow();
    }
  });
});
