/** Counts what is under way, so that a test or a shutdown can wait until there is nothing. */
export interface Activity {
  /** Counts `work` until it settles; its failure is the caller's to handle. */
  track<T>(work: Promise<T>): Promise<T>;
  /** Resolves once nothing is under way, counting what is begun meanwhile. */
  idle(): Promise<void>;
}

export function activity(): Activity {
  let underWay = 0;
  let waiting: (() => void)[] = [];
  const ended = () => {
    underWay -= 1;
    // Looked at in a later turn: what ends often begins the next thing at once.
    setImmediate(() => {
      if (underWay > 0) return;
      const now = waiting;
      waiting = [];
      for (const resolve of now) resolve();
    });
  };
  return {
    track(work) {
      underWay += 1;
      work.then(ended, ended);
      return work;
    },
    idle: () =>
      underWay === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
  };
}
