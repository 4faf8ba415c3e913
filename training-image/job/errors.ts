import type { FailureCode } from '#core/plan.ts';

/** Why this training cannot go on, in the words of the failure file; not a fault of the program. */
export class TrainingRefused extends Error {
  override name = 'TrainingRefused';
  readonly code: FailureCode;
  constructor(code: FailureCode, what: string, options?: ErrorOptions) {
    super(what, options);
    this.code = code;
  }
}

/** Somebody asked the training to end; what is done lies in the checkpoints. */
export class TrainingInterrupted extends Error {
  override name = 'TrainingInterrupted';
}

const FILES_NAMED = 10; // the failure file holds a thousand characters

/** @param faults each the name of a file and what is wrong with it */
export function tellFaults(faults: readonly string[]): string {
  const more = faults.length - FILES_NAMED;
  const named = faults.slice(0, FILES_NAMED).join('; ');
  return more > 0 ? `${named}; and ${more} more.` : `${named}.`;
}
