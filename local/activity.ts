/** Counts running work, so that a test or a shutdown can wait until none is left. */
export interface Activity {
  /** Counts `work` until it settles; the caller handles its failure. */
  track<T>(work: Promise<T>): Promise<T>;
  /** Resolves once no work is running, including work that began in the meantime. */
  idle(): Promise<void>;
}

export function activity(): Activity {
  let running = 0;
  let waiting: (() => void)[] = [];
  const ended = () => {
    running -= 1;
    // Checked in a later turn: work that ends often starts more work at once.
    setImmediate(() => {
      if (running > 0) return;
      const now = waiting;
      waiting = [];
      for (const resolve of now) resolve();
    });
  };
  return {
    track(work) {
      running += 1;
      work.then(ended, ended);
      return work;
    },
    idle: () =>
      running === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
  };
}
