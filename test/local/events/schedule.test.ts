import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { rateSchedule } from '#local/events/schedule.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, 1_000 * count));

describe('rateSchedule', () => {
  it('runs once per interval, first after one interval', async () => {
    let runs = 0;
    const schedule = rateSchedule({ name: 'sweep', everySeconds: 5, run: async () => (runs += 1) });

    await vi.advanceTimersByTimeAsync(4_999);
    expect(runs).toBe(0);
    await vi.advanceTimersByTimeAsync(10_001);

    expect(runs).toBe(3);
    await schedule.stop();
  });

  it('never overlaps itself: a run longer than the interval skips the runs it covers', async () => {
    const begun: number[] = [];
    const start = Date.now();
    let running = 0;
    const schedule = rateSchedule({
      name: 'sweep',
      everySeconds: 5,
      run: async () => {
        begun.push((Date.now() - start) / 1_000);
        running += 1;
        expect(running).toBe(1);
        await seconds(12);
        running -= 1;
      },
    });

    await vi.advanceTimersByTimeAsync(40_000);
    const stopped = schedule.stop();
    await vi.runAllTimersAsync();
    await stopped;

    expect(begun).toEqual([5, 20, 35]);
    expect(running).toBe(0);
  });

  it('runs at once when triggered, and answers triggers during a run with a single further run', async () => {
    let runs = 0;
    const run = async () => {
      runs += 1;
      await seconds(1);
    };
    const schedule = rateSchedule({ name: 'sweep', everySeconds: 60, run });

    const first = schedule.trigger();
    expect(runs).toBe(1);
    const triggered = Promise.all([first, schedule.trigger(), schedule.trigger()]);
    await vi.advanceTimersByTimeAsync(2_000);
    await triggered;

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

    await vi.advanceTimersByTimeAsync(120_000);
    await schedule.stop();

    expect(errors).toHaveLength(2);
  });
});
