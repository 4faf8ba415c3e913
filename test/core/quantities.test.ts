import { describe, expect, it } from 'vitest';
import { duration, timeOfDay } from '#core/quantities.ts';

describe('duration', () => {
  it.each([
    [-3, '0 s'],
    [12.4, '12 s'],
    [89.4, '89 s'],
    [95, '2 min'],
    [3_600, '60 min'],
    [5_400, '1 h 30 min'],
    [7_200, '2 h'],
  ])('says %d seconds as "%s"', (seconds, words) => {
    expect(duration(seconds)).toBe(words);
  });
});

describe('timeOfDay', () => {
  const now = new Date('2026-11-26T22:30:00Z'); // a Thursday

  it.each([
    ['today', '2026-11-26T23:05:00Z', 'UTC', '23:05'],
    ['tomorrow', '2026-11-27T00:05:00Z', 'UTC', 'Fri 00:05'],
    ['tomorrow in UTC, but not here', '2026-11-27T00:05:00Z', 'America/New_York', '19:05'],
  ])('gives the time and, if it is not today, the day: %s', (_, then, zone, words) => {
    expect(timeOfDay(new Date(then), now, zone)).toBe(words);
  });
});
