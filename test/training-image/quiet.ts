import type { Reporter, StopSignal } from '#training-image/job/reporter.ts';

/** Reports to nobody. */
export const quiet: Reporter = { line: () => undefined, progress: () => undefined };

/** Nobody asks the training to end. */
export const never: StopSignal = { throwIfRequested: () => undefined };

/** Keeps the lines of the log. */
export const keeping = (lines: string[]): Reporter => ({
  ...quiet,
  line: (line) => lines.push(line),
});
