import { progressLine } from '#core/progress-line.ts';

/** How the training speaks and listens while it works. */
export interface Tell {
  /** A line of the log. */
  line(text: string): void;
  /**
   * How far a step is, at most once a second and at its end.
   * @throws TrainingInterrupted when somebody asked the training to end: called between any two pieces of work
   */
  progress(step: string, done: number, of: number): void;
}

const PROGRESS_EVERY_MS = 1_000;

export function teller(write: (line: string) => void, interruption: () => void): Tell {
  let last = { step: '', at: 0 };
  return {
    line: write,
    progress(step, done, of) {
      interruption();
      const now = Date.now();
      if (step === last.step && done < of && now - last.at < PROGRESS_EVERY_MS) return;
      last = { step, at: now };
      write(progressLine({ step, done, of }));
    },
  };
}
