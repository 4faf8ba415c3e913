import type { FailureCode } from '#core/training-contract.ts';

/** The training cannot go on because of the job's own input; becomes the failure file. Not a bug of the trainer. */
export class TrainingRefused extends Error {
  override name = 'TrainingRefused';
  readonly code: FailureCode;
  constructor(code: FailureCode, what: string, options?: ErrorOptions) {
    super(what, options);
    this.code = code;
  }
}

/** The training was asked to end; finished work is in the checkpoints. */
export class TrainingInterrupted extends Error {
  override name = 'TrainingInterrupted';
}

/** How Node, V8, libvips and TensorFlow report it. */
const OUT_OF_MEMORY =
  /out of memory|ResourceExhausted|ERR_WORKER_OUT_OF_MEMORY|Array buffer allocation failed/i;
const OOM = /\bOOM\b/; // not in "classroom/1.jpg"

export const isOutOfMemory = (message: string): boolean =>
  OUT_OF_MEMORY.test(message) || OOM.test(message);

const FILES_NAMED = 10; // the failure file holds about a thousand characters

/** Joins faults, each the name of a file and what is wrong with it, into a sentence that fits the failure file. */
export function summarise(faults: readonly string[]): string {
  const more = faults.length - FILES_NAMED;
  const named = faults.slice(0, FILES_NAMED).join('; ');
  return more > 0 ? `${named}; and ${more} more.` : `${named}.`;
}
