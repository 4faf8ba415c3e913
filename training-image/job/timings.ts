/** The wall clock of a training and of its steps. */
export interface Timings {
  readonly steps: Readonly<Record<string, number>>; // seconds per finished step, in order
  /** Ends a step, which began where the last one ended. */
  finish(step: string): void;
  /** Seconds since the training began. */
  elapsed(): number;
}

export function startTimings(): Timings {
  const steps: Record<string, number> = {};
  const started = performance.now();
  let since = started;
  return {
    steps,
    finish(step) {
      const now = performance.now();
      steps[step] = Math.round(now - since) / 1000;
      since = now;
    },
    elapsed: () => (performance.now() - started) / 1000,
  };
}
