/** The wall clock of each step, in seconds. */
export function stopwatch() {
  const laps: Record<string, number> = {};
  let since = performance.now();
  return {
    laps,
    lap(step: string): void {
      const now = performance.now();
      laps[step] = Math.round(now - since) / 1000;
      since = now;
    },
  };
}
