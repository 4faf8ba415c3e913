import { describe, expect, it } from 'vitest';
import { deadlineOf, isStuck } from '#core/job-deadlines.ts';
import type { Progress } from '#core/job-progress.ts';

const noon = new Date('2026-11-24T12:00:00.000Z');
const waiting = { state: 'waiting', waitingFor: 'quota', reason: 'full' } as const;
const published = {
  state: 'published',
  version: 'v',
  accuracy: 1,
  interval95: [1, 1],
} satisfies Progress;

const timed = (progress: Progress, more: object = {}) => ({
  progress,
  waits: 0,
  failures: 0,
  history: [{ at: noon.toISOString() }],
  outbox: [],
  ...more,
});
const minutesOf = (job: Parameters<typeof deadlineOf>[0]) => {
  const deadline = deadlineOf(job, noon);
  return deadline && (Date.parse(deadline) - noon.getTime()) / 60_000;
};

describe('deadlineOf', () => {
  it.each([
    [1, 2],
    [2, 4],
    [5, 32],
    [6, 60],
    [40, 60],
  ])('after %i refusals in a row is %i minutes away', (waits, minutes) => {
    expect(minutesOf(timed(waiting, { waits }))).toBe(minutes);
  });

  it('lets a validation have all of its 15 minutes', () => {
    expect(minutesOf(timed({ state: 'received' }))).toBeGreaterThan(15);
  });

  it('comes soon after a stage that threw', () => {
    expect(minutesOf(timed({ state: 'received' }, { failures: 1 }))).toBe(2);
  });

  it('is none for a final job with nothing left to do', () => {
    expect(minutesOf(timed(published))).toBeUndefined();
    expect(minutesOf(timed({ state: 'cancelled' }, { run: { ended: true } }))).toBeUndefined();
  });

  it('is the earliest: of announcements, and of a training job that must be stopped', () => {
    expect(minutesOf(timed(published, { outbox: ['a'] }))).toBe(2);
    expect(minutesOf(timed({ state: 'cancelled' }, { run: { ended: false } }))).toBe(10);
    const both = { outbox: ['a'], run: { ended: false } };
    expect(minutesOf(timed({ state: 'cancelled' }, both))).toBe(2);
  });
});

describe('isStuck', () => {
  const later = (minutes: number) => new Date(noon.getTime() + minutes * 60_000);

  it.each<[Progress, number]>([
    [{ state: 'received' }, 60],
    [{ state: 'validated' }, 60],
    [{ state: 'training' }, 30 * 60],
  ])('is true of %j after %i minutes', (progress, minutes) => {
    expect(isStuck(timed(progress), later(minutes))).toBe(false);
    expect(isStuck(timed(progress), later(minutes + 1))).toBe(true);
  });

  it('is true of a job that was refused for about a day, and never of a final one', () => {
    expect(isStuck(timed(waiting, { waits: 27 }), later(10_000))).toBe(false);
    expect(isStuck(timed(waiting, { waits: 28 }), noon)).toBe(true);
    expect(isStuck(timed(published), later(100_000))).toBe(false);
    expect(isStuck(timed({ state: 'received' }, { history: [] }), noon)).toBe(false);
  });
});
