import * as z from 'zod';
import { Announcement, announcementOf } from './announcement.ts';
import { Estimate } from './cost.ts';
import { Problem } from './problem.ts';

/** What each state knows beside the job itself. */
export const Progress = z.discriminatedUnion('state', [
  z.object({ state: z.literal('received') }),
  z.object({
    state: z.literal('rejected'),
    problems: z.array(Problem).min(1), // the first PROBLEMS_IN_ROW; report.json has all
    problemCount: z.int().positive(),
  }),
  z.object({ state: z.literal('validated') }),
  z.object({ state: z.literal('launching') }),
  z.object({
    state: z.literal('waiting'),
    waitingFor: z.enum(['capacity', 'quota', 'concurrency']),
    reason: z.string(),
  }),
  z.object({ state: z.literal('training') }),
  z.object({ state: z.literal('interrupted') }),
  z.object({ state: z.literal('trained'), artifacts: z.string() }), // s3:// prefix, as Describe gives it
  z.object({
    state: z.literal('published'),
    version: z.string(),
    accuracy: z.number(), // on the test part, 0..1
    interval95: z.tuple([z.number(), z.number()]),
  }),
  z.object({ state: z.literal('failed'), code: z.string(), what: z.string(), remedy: z.string() }),
  z.object({ state: z.literal('cancelled') }),
]);
export type Progress = z.infer<typeof Progress>;
export type State = Progress['state'];

/** One dataset version on its way to one student: one row, never deleted. */
export const Job = z.object({
  id: z.string().regex(/^[0-9a-f]{64}$/),
  version: z.int().positive(), // of the row; rises by one with every change
  bucket: z.string(),
  name: z.string(), // of the dataset and its student
  dataset: z.string(), // the archive's key, or the folder's prefix
  form: z.enum(['archive', 'folder', 'stray']),
  seal: z.string(),
  recipeHash: z.string(),
  recipeKey: z.string(),
  versionId: z.string().optional(), // of the archive, where the bucket keeps versions
  uploadedAt: z.iso.datetime(), // when S3 had the whole upload; a newer upload's student is the latest
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  summary: z
    .object({
      classes: z.array(z.object({ name: z.string(), examples: z.int() })),
      examples: z.int(),
      manifestSha256: z.string(),
      recipeSha256: z.string(),
    })
    .optional(), // from validated on
  /** The last training job that was or may have been created; the next waits until this one is seen ended. */
  run: z
    .object({
      attempt: z.int().positive(),
      trainingJobName: z.string(),
      ended: z.boolean(),
      estimate: Estimate.optional(), // where prices are known
      instanceType: z.string().optional(), // the one that was taken
      billedSeconds: z.int().nonnegative().optional(), // once it has ended
    })
    .optional(),
  waits: z.int().nonnegative(), // launches refused in a row, for the back-off
  progress: Progress,
  history: z.array(z.object({ state: z.string(), at: z.iso.datetime() })),
  outbox: z.array(Announcement), // announcements not yet made
  deadline: z.iso.datetime().optional(), // when the sweeper looks after it; none = nothing left to do
});
export type Job = z.infer<typeof Job>;

/** What a training job takes and costs, as far as it is known. */
export type Usage = Pick<NonNullable<Job['run']>, 'instanceType' | 'billedSeconds'>;

/** What somebody saw or wants; facts, not commands. */
export type Observation =
  | { type: 'dataset-validated'; summary: NonNullable<Job['summary']> }
  | { type: 'dataset-rejected'; problems: Problem[]; problemCount: number }
  | { type: 'launch-started'; trainingJobName: string; estimate?: Estimate | undefined }
  | {
      type: 'launch-refused';
      trainingJobName: string;
      waitingFor: 'capacity' | 'quota' | 'concurrency';
      reason: string;
    }
  | ({ type: 'training-running'; trainingJobName: string } & Usage)
  | ({ type: 'training-interrupted'; trainingJobName: string } & Usage)
  | ({ type: 'training-no-capacity'; trainingJobName: string; reason: string } & Usage) // ended for want of capacity
  | ({ type: 'training-completed'; trainingJobName: string; artifacts: string } & Usage)
  | ({
      type: 'training-failed';
      trainingJobName: string;
      code: string;
      what: string;
      remedy: string;
    } & Usage)
  | { type: 'student-published'; version: string; accuracy: number; interval95: [number, number] }
  | { type: 'stage-failed'; code: string; what: string; remedy: string }
  | { type: 'cancel-requested' }
  | { type: 'retry-requested' }
  | { type: 'announced'; announcementId: string };

/** A job moves only along these arrows. `rejected` and `published` are final; the way out of `failed` and `cancelled` is a retry. */
export const ARROWS: Record<State, readonly State[]> = {
  received: ['validated', 'rejected', 'failed', 'cancelled'],
  validated: ['launching', 'failed', 'cancelled'],
  launching: ['training', 'waiting', 'interrupted', 'trained', 'failed', 'cancelled'],
  waiting: ['launching', 'failed', 'cancelled'],
  training: ['interrupted', 'waiting', 'trained', 'failed', 'cancelled'],
  interrupted: ['training', 'waiting', 'trained', 'failed', 'cancelled'],
  trained: ['published', 'failed', 'cancelled'],
  rejected: [],
  published: [],
  failed: ['received', 'validated'],
  cancelled: ['received', 'validated'],
};

/** How long a state may last before the sweeper looks, in minutes; chosen: well above what each step takes. */
const PATIENCE_MINUTES: Partial<Record<State, number>> = {
  received: 16, // a validation may take all of a Lambda's 15 minutes
  validated: 2,
  launching: 2,
  training: 10,
  interrupted: 10,
  trained: 16,
};
const LONGEST_WAIT_MINUTES = 60;
const ANNOUNCEMENT_MINUTES = 2;

/** After how long a state is a reason to worry, in minutes; chosen: beyond what budget, spot and retries explain. */
const STUCK_MINUTES: Partial<Record<State, number>> = {
  received: 60,
  validated: 60,
  launching: 60,
  training: 30 * 60, // the longest budget is 24 hours, and spot may take 4 more
  interrupted: 30 * 60,
  trained: 60,
};
const STUCK_WAITS = 28; // launches refused in a row: about a day

/** Whether somebody should look after a job, since the pipeline has got nowhere with it. */
export function isStuck({ progress, history, waits }: Job, at: Date): boolean {
  if (progress.state === 'waiting') return waits >= STUCK_WAITS;
  const minutes = STUCK_MINUTES[progress.state];
  const since = Date.parse(history.at(-1)?.at ?? at.toISOString());
  return minutes !== undefined && at.getTime() - since > minutes * 60_000;
}

export const FINAL: ReadonlySet<State> = new Set(['rejected', 'published', 'failed', 'cancelled']);

export type NewJob = Omit<
  Job,
  | 'version'
  | 'createdAt'
  | 'updatedAt'
  | 'progress'
  | 'history'
  | 'outbox'
  | 'deadline'
  | 'run'
  | 'summary'
  | 'waits'
>;

export function receive(upload: NewJob, at: Date): Job {
  const time = at.toISOString();
  const job: Job = {
    ...upload,
    version: 1,
    createdAt: time,
    updatedAt: time,
    waits: 0,
    progress: { state: 'received' },
    history: [{ state: 'received', at: time }],
    outbox: [],
  };
  return { ...job, deadline: deadlineOf(job, at) };
}

/**
 * The one place where a job changes. Late, repeated and foreign observations change nothing: then the very same
 * object comes back, and there is nothing to save.
 */
export function advance(job: Job, observation: Observation, at: Date): Job {
  const seen = observe(job, observation);
  if (seen === undefined) return job;
  if (seen.progress !== job.progress && !ARROWS[job.progress.state].includes(seen.progress.state))
    return job;
  return settle(job, seen, at);
}

/** The job with what was seen, not yet dated and versioned; `undefined` when it says nothing new. */
function observe(job: Job, observation: Observation): Job | undefined {
  const { state } = job.progress;
  switch (observation.type) {
    case 'dataset-validated':
      if (state !== 'received') return undefined;
      return { ...job, summary: observation.summary, progress: { state: 'validated' } };
    case 'dataset-rejected': {
      const { problems, problemCount } = observation;
      return { ...job, progress: { state: 'rejected', problems, problemCount } };
    }
    case 'launch-started':
      if (job.run && !job.run.ended) return undefined; // attempt n+1 only after attempt n is seen ended
      return {
        ...job,
        run: {
          attempt: nextAttempt(job),
          trainingJobName: observation.trainingJobName,
          ended: false,
          ...(observation.estimate && { estimate: observation.estimate }),
        },
        progress: { state: 'launching' },
      };
    case 'launch-refused': {
      if (state !== 'launching' || !isCurrent(job, observation)) return undefined;
      const { waitingFor, reason } = observation;
      return {
        ...withoutRun(job),
        waits: job.waits + 1,
        progress: { state: 'waiting', waitingFor, reason },
      };
    }
    case 'training-running':
      if (!isCurrent(job, observation) || job.run?.ended || state === 'training') return undefined;
      return { ...using(job, observation), progress: { state: 'training' } };
    case 'training-interrupted':
      if (!isCurrent(job, observation) || job.run?.ended || state === 'interrupted')
        return undefined;
      return { ...using(job, observation), progress: { state: 'interrupted' } };
    case 'training-no-capacity': {
      if (!isCurrent(job, observation) || job.run?.ended) return undefined;
      const { reason } = observation;
      const seen = ended(job, observation, { state: 'waiting', waitingFor: 'capacity', reason });
      return seen.progress === job.progress ? seen : { ...seen, waits: job.waits + 1 };
    }
    case 'training-completed':
      if (!isCurrent(job, observation) || job.run?.ended) return undefined;
      return ended(job, observation, { state: 'trained', artifacts: observation.artifacts });
    case 'training-failed': {
      if (!isCurrent(job, observation) || job.run?.ended) return undefined;
      const { code, what, remedy } = observation;
      return ended(job, observation, { state: 'failed', code, what, remedy });
    }
    case 'student-published': {
      const { version, accuracy, interval95 } = observation;
      return { ...job, progress: { state: 'published', version, accuracy, interval95 } };
    }
    case 'stage-failed': {
      const { code, what, remedy } = observation;
      return { ...job, progress: { state: 'failed', code, what, remedy } };
    }
    case 'cancel-requested':
      return { ...job, progress: { state: 'cancelled' } };
    case 'retry-requested':
      return { ...job, waits: 0, progress: { state: job.summary ? 'validated' : 'received' } };
    case 'announced': {
      const outbox = job.outbox.filter(({ id }) => id !== observation.announcementId);
      return outbox.length === job.outbox.length ? undefined : { ...job, outbox };
    }
  }
}

/** The end of a run is a fact even where it moves nothing: a cancelled job's run ends too, and then may be retried. */
function ended(job: Job, usage: Usage, progress: Progress): Job {
  const running =
    ARROWS[job.progress.state].includes(progress.state) && job.progress.state !== 'validated';
  const { run, ...used } = using(job, usage);
  return {
    ...used,
    ...(run && { run: { ...run, ended: true } }),
    progress: running ? progress : job.progress,
  };
}

function using(job: Job, { instanceType, billedSeconds }: Usage): Job {
  if (!job.run) return job;
  const run = {
    ...job.run,
    ...(instanceType !== undefined && { instanceType }),
    ...(billedSeconds !== undefined && { billedSeconds }),
  };
  return { ...job, run };
}

function settle(job: Job, seen: Job, at: Date): Job {
  const moved = seen.progress !== job.progress;
  const time = at.toISOString();
  const next: Job = {
    ...seen,
    version: job.version + 1,
    updatedAt: time,
    history: moved ? [...remembered(job), { state: seen.progress.state, at: time }] : job.history,
  };
  const announcement = moved ? announcementOf(next, at) : undefined;
  const told: Job = announcement ? { ...next, outbox: [...next.outbox, announcement] } : next;

  const { deadline: _, ...rest } = told;
  const deadline = deadlineOf(told, at);
  return deadline ? { ...rest, deadline } : rest;
}

/** A job may wait for weeks; of each round of waiting and launching only the last is remembered. */
function remembered({ history, progress }: Job): Job['history'] {
  const [before, last] = [history.at(-2), history.at(-1)];
  const anotherRound =
    progress.state === 'launching' && last?.state === 'launching' && before?.state === 'waiting';
  return anotherRound ? history.slice(0, -2) : history;
}

function deadlineOf(job: Job, at: Date): string | undefined {
  const minutes = [
    job.progress.state === 'waiting'
      ? waitMinutes(job.waits)
      : PATIENCE_MINUTES[job.progress.state],
    job.outbox.length > 0 ? ANNOUNCEMENT_MINUTES : undefined,
    job.run?.ended === false ? PATIENCE_MINUTES.training : undefined, // a cancelled run must still be stopped
  ].filter((each) => each !== undefined);
  if (minutes.length === 0) return undefined;
  return new Date(at.getTime() + Math.min(...minutes) * 60_000).toISOString();
}

/** Doubling from two minutes to an hour. */
const waitMinutes = (tries: number): number => Math.min(2 ** tries, LONGEST_WAIT_MINUTES);

/** A launch that was refused never ran, so its attempt number is used again. */
export const nextAttempt = (job: Job): number => (job.run?.attempt ?? 0) + 1;

function withoutRun(job: Job): Job {
  const { run, ...rest } = job;
  if (!run || run.attempt === 1) return rest;
  return { ...rest, run: { ...run, attempt: run.attempt - 1, ended: true } };
}

const isCurrent = (job: Job, seen: { trainingJobName: string }): boolean =>
  job.run?.trainingJobName === seen.trainingJobName;
