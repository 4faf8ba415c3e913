import * as z from 'zod';
import { Problem } from './problem.ts';
import { VersionComparison } from './version-comparison.ts';

/** What a training job is doing, in SageMaker's words; absent once it trains, and in early rows. */
export const TrainingStep = z.object({
  step: z.string().optional(), // `Starting`, `Pending`, `Downloading`, `Uploading`, …
  message: z.string().optional(), // SageMaker's last sentence on it
});
export type TrainingStep = z.output<typeof TrainingStep>;

const Current = z.discriminatedUnion('state', [
  z.object({ state: z.literal('received') }),
  z.object({
    state: z.literal('rejected'),
    problems: z.array(Problem).min(1), // PROBLEMS_IN_ROW of them; report.json has more
    problemCount: z.int().positive(),
    counts: z.record(z.string(), z.int()).optional(), // of problems, by code
  }),
  z.object({ state: z.literal('validated') }),
  z.object({ state: z.literal('launching') }),
  z.object({
    state: z.literal('waiting'),
    waitingFor: z.enum(['capacity', 'quota', 'concurrency']),
    reason: z.string(),
  }),
  z.object({ state: z.literal('training'), ...TrainingStep.shape }),
  z.object({ state: z.literal('interrupted') }),
  z.object({ state: z.literal('trained'), artifacts: z.string() }), // s3:// prefix, from DescribeTrainingJob
  z.object({
    state: z.literal('published'),
    version: z.string(),
    number: z.int().positive().optional(), // of the version; early rows lack it
    accuracy: z.number(), // on the test part, 0..1
    interval95: z.tuple([z.number(), z.number()]),
    comparison: VersionComparison.optional(), // with the version before
  }),
  z.object({ state: z.literal('failed'), code: z.string(), what: z.string(), remedy: z.string() }),
  z.object({ state: z.literal('cancelled') }),
]);

/** The state of a job, with the data that belongs to it. */
export const Progress = z.preprocess(withRemedy, Current);
export type Progress = z.output<typeof Progress>;
export type State = Progress['state'];
export type Published = Extract<Progress, { state: 'published' }>;

/** States without a next step; only a retry leads out of `failed` and `cancelled`. */
export const FINAL: ReadonlySet<State> = new Set(['rejected', 'published', 'failed', 'cancelled']);

/** Early rows call the remedy of a failure `toDo`. */
function withRemedy(stored: unknown): unknown {
  const { toDo, ...rest } = Object(stored);
  return typeof toDo === 'string' ? { remedy: toDo, ...rest } : stored;
}
