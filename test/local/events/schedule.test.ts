import { describe, expect, it } from 'vitest';
import { rateSchedule } from '#local/events/schedule.ts';

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('rateSchedule', () => {
  it('runs at its rate and never overlaps itself', async () => {
    let running = 0;
    let runs = 0;
    const schedule = rateSchedule({
      name: 'sweep',
      everySeconds: 0.005,
      run: async () => {
        running += 1;
        runs += 1;
        expect(running).toBe(1);
        await pause(12);
        running -= 1;
      },
    });

    await pause(100);
    await schedule.stop();

    expect(runs).toBeGreaterThan(2);
    expect(running).toBe(0);
  });

  it('runs at once when triggered, and answers triggers during a run with a single further run', async () => {
    let runs = 0;
    const run = async () => {
      runs += 1;
      await pause(5);
    };
    const schedule = rateSchedule({ name: 'sweep', everySeconds: 60, run });

    const first = schedule.trigger();
    expect(runs).toBe(1);
    await Promise.all([first, schedule.trigger(), schedule.trigger()]);

    expect(runs).toBe(2);
    await schedule.stop();
  });

  it('goes on after a run that threw', async () => {
    const errors: unknown[] = [];
    const schedule = rateSchedule({
      name: 'sweep',
      everySeconds: 60,
      run: () => Promise.reject(new Error('down')),
      onError: (error) => errors.push(error),
    });

    await schedule.trigger();
    await schedule.trigger();
    await schedule.stop();

    expect(errors).toHaveLength(2);
  });
});
