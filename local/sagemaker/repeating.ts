import { setInterval as every } from 'node:timers/promises';

/** Runs a task at an interval, never twice at once, until `end` is called, which waits for the current run. */
export function repeating(seconds: number, task: () => Promise<void>) {
  const ending = new AbortController();
  const loop = (async () => {
    try {
      for await (const _ of every(seconds * 1000, undefined, { signal: ending.signal })) {
        await task();
        if (ending.signal.aborted) return;
      }
    } catch (error) {
      if (!ending.signal.aborted) throw error;
    }
  })();
  return {
    end(): Promise<void> {
      ending.abort();
      return loop;
    },
  };
}
