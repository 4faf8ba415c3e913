import { setInterval as every } from 'node:timers/promises';

/** Does a task every so many seconds, never twice at once, until `end` is called; that waits for one under way. */
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
