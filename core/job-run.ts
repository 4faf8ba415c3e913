import * as z from 'zod';
import { CostEstimate } from './cost.ts';
import { TRAINER_KILLED } from './training-contract.ts';

const Attempt = z.object({
  attempt: z.int().positive(),
  trainingJobName: z.string(),
  ended: z.boolean(),
  estimate: CostEstimate.optional(), // where prices are known
  instanceType: z.string().optional(), // the one SageMaker gave us
  billedSeconds: z.int().nonnegative().optional(), // once it has ended
});
type Attempt = z.output<typeof Attempt>;

/** A training job of a job: created, or about to be. At most one at a time has not ended. */
export const Run = z.preprocess(
  withPrevious,
  Attempt.extend({ previous: Attempt.optional() }), // comes back when the launch of this one is refused
);
export type Run = z.output<typeof Run>;

/** Instance type and billed time of a training job, as far as they are known. */
export type Usage = Pick<Attempt, 'instanceType' | 'billedSeconds'>;

/** The number of the next attempt. A refused launch never ran, so its number is used again. */
export const nextAttempt = ({ run }: { run?: Run | undefined }): number => (run?.attempt ?? 0) + 1;

/** The run that a launch is about to create. */
export function startedRun(
  last: Run | undefined,
  launch: {
    trainingJobName: string;
    attempt?: number | undefined;
    estimate?: CostEstimate | undefined;
  },
): Run {
  return {
    attempt: launch.attempt ?? nextAttempt({ run: last }),
    trainingJobName: launch.trainingJobName,
    ended: false,
    ...(launch.estimate && { estimate: launch.estimate }),
    ...(last && { previous: withoutPrevious(last) }),
  };
}

const withoutPrevious = ({ previous: _, ...attempt }: Run): Attempt => attempt;

/** A killed trainer is started again once by itself, where that costs nothing; on AWS its owner decides. */
export const startsAgain = ({ attempt, estimate }: Run, failureCode: string): boolean =>
  failureCode === TRAINER_KILLED && attempt === 1 && estimate === undefined;

/** The run with what is newly known of its instance and its bill. */
export const withUsage = (run: Run, { instanceType, billedSeconds }: Usage): Run => ({
  ...run,
  ...(instanceType !== undefined && { instanceType }),
  ...(billedSeconds !== undefined && { billedSeconds }),
});

/** Early rows do not keep the previous attempt; its name follows from the present one's. */
function withPrevious(stored: unknown): unknown {
  const run = Object(stored);
  if (run.ended !== false || !(run.attempt > 1) || run.previous !== undefined) return stored;
  const attempt = run.attempt - 1;
  const trainingJobName = String(run.trainingJobName).replace(/-a\d+$/, `-a${attempt}`);
  return { ...run, previous: { attempt, trainingJobName, ended: true } };
}
