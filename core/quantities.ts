/** Numbers as texts for people show them. */

export const count = (n: number): string => n.toLocaleString('en-US');

/** `98.5%`. Only what is exactly nothing or everything is called 0.0% or 100.0%. */
export function percent(fraction: number): string {
  const shown = Number((100 * fraction).toFixed(1));
  const isRounded = (shown === 100 && fraction < 1) || (shown === 0 && fraction > 0);
  return `${(isRounded ? Math.min(99.9, Math.max(0.1, shown)) : shown).toFixed(1)}%`;
}

/** `45 s`, `12 min` or `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest > 0 ? ` ${rest} min` : ''}`;
}

/**
 * `14:32`, or `Fri 14:32` if it is not today.
 *
 * @param timeZone IANA name; by default that of this machine
 */
export function timeOfDay(then: Date, now: Date, timeZone?: string): string {
  const zone = timeZone === undefined ? {} : { timeZone };
  const format = (date: Date, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-GB', { ...zone, ...options }).format(date);
  const day = (date: Date) => format(date, { year: 'numeric', month: 'numeric', day: 'numeric' });
  const time = format(then, { hour: '2-digit', minute: '2-digit' });
  return day(then) === day(now) ? time : `${format(then, { weekday: 'short' })} ${time}`;
}
