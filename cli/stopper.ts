import type { Show } from './training-output.ts';

/** Ends the steps of a list from outside. */
export interface Stopper {
  /** Rejects once the list is to end, and not before. */
  promise: Promise<never>;
  isStopped(): boolean;
  stop(): void;
  /** A step's line, which no longer changes once the list has ended: a change would draw it again. */
  until(show: Show): Show;
}

export function stopper(): Stopper {
  let isStopped = false;
  let reject: (reason: Error) => void = () => undefined;
  const promise = new Promise<never>((_, rejected) => {
    reject = rejected;
  });
  promise.catch(() => undefined); // each step races it, but none may be running
  return {
    promise,
    isStopped: () => isStopped,
    stop() {
      isStopped = true;
      reject(new Error('stopped'));
    },
    until: (show) => ({
      get title() {
        return show.title;
      },
      set title(title) {
        if (!isStopped) show.title = title;
      },
      get output() {
        return show.output;
      },
      set output(output) {
        if (!isStopped) show.output = output;
      },
    }),
  };
}
