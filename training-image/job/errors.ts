import { type BrokenFile, summariseBroken } from '#core/broken-files.ts';
import type { FailureCode } from '#core/training-contract.ts';

/** The training cannot go on because of the job's own input; becomes the failure file. Not a bug of the trainer. */
export class TrainingRefused extends Error {
  override name = 'TrainingRefused';
  readonly code: FailureCode;
  readonly files: readonly BrokenFile[];
  /** @param files all files that are at fault; `what` may name only some */
  constructor(
    code: FailureCode,
    what: string,
    { files = [], ...options }: ErrorOptions & { files?: readonly BrokenFile[] } = {},
  ) {
    super(what, options);
    this.code = code;
    this.files = files;
  }
}

/** The refusal of a dataset that has such files. */
export const refusedFor = (
  code: FailureCode,
  files: readonly BrokenFile[],
  options: ErrorOptions = {},
): TrainingRefused => new TrainingRefused(code, summariseBroken(files), { ...options, files });

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
