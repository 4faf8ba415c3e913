export interface Stopwatch {
  laps: Record<string, number>; // seconds
  lap(step: string): void;
  /** Since it was started. */
  seconds(): number;
}

/** The wall clock of each step, in seconds. */
export function stopwatch(): Stopwatch {
  const laps: Record<string, number> = {};
  const started = performance.now();
  let since = started;
  return {
    laps,
    lap(step) {
      const now = performance.now();
      laps[step] = Math.round(now - since) / 1000;
      since = now;
    },
    seconds: () => (performance.now() - started) / 1000,
  };
}
