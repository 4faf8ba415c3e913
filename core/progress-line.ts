/** How far a step of a training job is; the trainer prints it as a line of the log, and the CLI reads it there. */
export interface TrainingProgress {
  step: string; // lower-case letters and hyphens
  done: number; // images, fits, or whatever the step counts
  of: number;
}

export const progressLine = ({ step, done, of }: TrainingProgress): string =>
  `step=${step} done=${done} of=${of}`;

/** @returns `undefined` for all other lines */
export function parseProgressLine(line: string): TrainingProgress | undefined {
  const match = /^step=([a-z-]+) done=(\d+) of=(\d+)$/.exec(line.trim());
  if (!match?.[1]) return undefined;
  return { step: match[1], done: Number(match[2]), of: Number(match[3]) };
}

/** The end of an epoch of fine-tuning. */
export interface EpochResult {
  number: number; // from 1
  validationAccuracy?: number; // a fraction; unknown if the student learns from all images
}

/** @returns `undefined` for all other lines */
export function parseEpochLine(line: string): EpochResult | undefined {
  const match = /^epoch=(\d+) train_loss=\S+(?: validation_accuracy=([\d.]+))?/.exec(line.trim());
  if (!match) return undefined;
  const accuracy = match[2] === undefined ? undefined : Number(match[2]);
  return {
    number: Number(match[1]),
    ...(accuracy !== undefined && { validationAccuracy: accuracy }),
  };
}
