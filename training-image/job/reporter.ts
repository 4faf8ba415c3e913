import { progressLine } from '#core/progress-line.ts';
import { TrainingInterrupted } from './errors.ts';

/** How a training reports what it is doing. */
export interface Reporter {
  /** Writes a line to the log. */
  line(text: string): void;
  /** Writes how far a step is: at its start, at its end, and at most once a second in between. */
  progress(step: string, done: number, of: number): void;
}

const PROGRESS_INTERVAL_MS = 1_000;

export function createReporter(write: (line: string) => void): Reporter {
  let last = { step: '', at: 0 };
  return {
    line: write,
    progress(step, done, of) {
      const now = Date.now();
      if (step === last.step && done < of && now - last.at < PROGRESS_INTERVAL_MS) return;
      last = { step, at: now };
      write(progressLine({ step, done, of }));
    },
  };
}

/** Tells a training that it was asked to end; checked between any two pieces of work. */
export interface StopSignal {
  /** @throws TrainingInterrupted once the training was asked to end */
  throwIfRequested(): void;
}

/** @param flag shared between threads; not 0 once the training should end */
export const stopSignal = (flag: Int32Array<SharedArrayBuffer>): StopSignal => ({
  throwIfRequested() {
    if (Atomics.load(flag, 0) !== 0)
      throw new TrainingInterrupted('The training was asked to end.');
  },
});
