/** How long an epoch takes, told from the part of it that is over. */
export interface Pace {
  /** The first batch is there; before it, the frozen blocks may have run on all images. */
  haveInput(): void;
  haveTrainedOn(examples: number): void;
  /** @returns the seconds of a whole epoch; `undefined` before the first step */
  epochSeconds(): number | undefined;
}

/**
 * @param elapsed seconds, of any start
 * @param n examples in an epoch
 */
export function startPace(elapsed: () => number, n: number): Pace {
  const began = elapsed();
  let ready: number | undefined;
  let trainedOn = 0;
  return {
    haveInput() {
      ready ??= elapsed();
    },
    haveTrainedOn(examples) {
      trainedOn += examples;
    },
    epochSeconds() {
      if (ready === undefined || trainedOn === 0) return undefined;
      return ready - began + ((elapsed() - ready) * n) / trainedOn;
    },
  };
}

/** The number of examples that can be trained on in the time that is left. */
export const examplesIn = (seconds: number, epochSeconds: number, n: number): number =>
  epochSeconds > 0 ? Math.floor((Math.max(0, seconds) / epochSeconds) * n) : Infinity;
