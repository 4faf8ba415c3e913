import * as z from 'zod';
import { Announcement, announcementOf } from './announcement.ts';
import { Starved, starvedOnceMore } from './capacity.ts';
import type { CostEstimate } from './cost.ts';
import { deadlineOf } from './job-deadlines.ts';
import { FINAL, Progress, type Published, type State, type TrainingStep } from './job-progress.ts';
import { Run, startedRun, startsAgain, type Usage, withUsage } from './job-run.ts';
import { LeftOut } from './manifest.ts';
import { Problem } from './problem.ts';
import { failedStage, MAX_FAILURES } from './stage-failures.ts';

/** The result of a successful validation. `report.json` has the classes by name. */
const Summary = z.object({
  classes: z.preprocess((stored) => (Array.isArray(stored) ? stored.length : stored), z.int()), // how many; early rows list them
  examples: z.int(),
  manifestSha256: z.string(),
  recipeSha256: z.string(),
  takenFor: z.string().optional(), // what the upload was taken for; early rows lack this and what follows
  lists: z.int().optional(), // files that gave the labels
  leftOut: z.array(LeftOut.omit({ first: true })).optional(), // the rules with the most files
  warningCount: z.int().optional(),
  warnings: z.array(Problem).optional(), // the first of them
});

/** One version of a dataset on its way to one student: one row of the job table. Only `understudy rm` deletes it. */
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
  uploadedAt: z.iso.datetime(), // when the upload was complete; the newest upload's student is the latest
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  summary: Summary.optional(), // from validated on
  run: Run.optional(), // the last training job; the next one waits until this one has ended
  waits: z.int().nonnegative(), // launches refused in a row, for the back-off
  starved: Starved.optional(), // instance types that no training job got, since one last trained
  failures: z.int().nonnegative().default(0), // times in a row that the stage threw which this state waits for
  progress: Progress,
  history: z.array(z.object({ state: z.string(), at: z.iso.datetime() })),
  outbox: z.array(Announcement), // announcements not sent yet
  deadline: z.iso.datetime().optional(), // when the sweeper looks at it; none: nothing is left to do
});
export type Job = z.output<typeof Job>;

type OfRun = { trainingJobName: string } & Usage;

/** A fact about a job or a request of its user. It never fails: where it does not apply, it changes nothing. */
export type Observation =
  | { type: 'dataset-validated'; summary: NonNullable<Job['summary']> }
  | {
      type: 'dataset-rejected';
      problems: Problem[];
      problemCount: number;
      counts?: Record<string, number>; // of problems, by code
    }
  | {
      type: 'launch-started';
      trainingJobName: string;
      attempt?: number | undefined; // the next one, if left out
      estimate?: CostEstimate | undefined;
    }
  | {
      type: 'launch-refused';
      trainingJobName: string;
      waitingFor: 'capacity' | 'quota' | 'concurrency';
      reason: string;
    }
  | { type: 'slot-refused'; reason: string } // all training slots are in use: nothing was launched
  | ({ type: 'training-running' } & OfRun & TrainingStep)
  | ({ type: 'training-interrupted' } & OfRun)
  | ({ type: 'training-no-capacity'; reason: string } & OfRun) // ended for lack of capacity
  | ({ type: 'training-completed'; artifacts: string } & OfRun)
  | ({ type: 'training-failed'; code: string; what: string; remedy: string } & OfRun)
  | ({ type: 'student-published' } & Omit<Published, 'state'>)
  | { type: 'stage-failed'; code: string; what: string; remedy: string }
  | { type: 'stage-threw'; reason: string } // an exception; repeated, it ends the job
  | { type: 'cancel-requested' }
  | { type: 'retry-requested' }
  | { type: 'announced'; announcementId: string };

/** The state of a run, as SageMaker reports it. */
export type TrainingObservation = Extract<Observation, { type: `training-${string}` }>;

/** A job makes these transitions only. A retry is the one way out of `failed` and `cancelled`. */
export const TRANSITIONS: Record<State, readonly State[]> = {
  received: ['validated', 'rejected', 'failed', 'cancelled'],
  validated: ['launching', 'waiting', 'failed', 'cancelled'],
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

/** The fields of a job that its upload determines. */
export type NewJob = Pick<
  Job,
  | 'id'
  | 'bucket'
  | 'name'
  | 'dataset'
  | 'form'
  | 'seal'
  | 'recipeHash'
  | 'recipeKey'
  | 'versionId'
  | 'uploadedAt'
>;

export function receive(upload: NewJob, at: Date): Job {
  const time = at.toISOString();
  const job: Job = {
    ...upload,
    version: 1,
    createdAt: time,
    updatedAt: time,
    waits: 0,
    failures: 0,
    progress: { state: 'received' },
    history: [{ state: 'received', at: time }],
    outbox: [],
  };
  return { ...job, deadline: deadlineOf(job, at) };
}

/**
 * The only function that changes a job. An observation that is late, repeated or about another run changes nothing:
 * the same object comes back, and there is nothing to save.
 */
export function advance(job: Job, observation: Observation, at: Date): Job {
  const observed = observe(job, observation);
  if (observed === undefined) return job;
  const moves = observed.progress.state !== job.progress.state;
  if (moves && !TRANSITIONS[job.progress.state].includes(observed.progress.state)) return job;
  return settle(job, observed, at);
}

/** The job after an observation, without its new version and dates; `undefined` if there is nothing new. */
function observe(job: Job, observation: Observation): Job | undefined {
  const { state } = job.progress;
  switch (observation.type) {
    case 'dataset-validated':
      if (state !== 'received') return undefined;
      return { ...job, summary: observation.summary, progress: { state: 'validated' } };
    case 'dataset-rejected': {
      const { problems, problemCount, counts } = observation;
      const progress = { state: 'rejected' as const, problems, problemCount };
      return { ...job, progress: counts ? { ...progress, counts } : progress };
    }
    case 'launch-started':
      if (job.run?.ended === false) return undefined; // attempt n+1 starts only after attempt n has ended
      return { ...job, run: startedRun(job.run, observation), progress: { state: 'launching' } };
    case 'launch-refused': {
      const refused = openRun(job, observation);
      if (state !== 'launching' || !refused) return undefined;
      const { waitingFor, reason } = observation;
      const { run: _, ...rest } = job;
      return {
        ...rest,
        ...(refused.previous && { run: refused.previous }),
        waits: job.waits + 1,
        progress: { state: 'waiting', waitingFor, reason },
      };
    }
    case 'slot-refused': {
      if (state !== 'validated') return undefined;
      const { reason } = observation;
      return {
        ...job,
        waits: job.waits + 1,
        progress: { state: 'waiting', waitingFor: 'concurrency', reason },
      };
    }
    case 'training-running': {
      const { step, message } = observation;
      const run = openRun(job, observation);
      if (!run || (state === 'training' && job.progress.step === step)) return undefined;
      const progress = {
        state: 'training',
        ...(step && { step, ...(message && { message }) }),
      } as const;
      return { ...job, run: withUsage(run, observation), progress };
    }
    case 'training-interrupted': {
      const run = openRun(job, observation);
      if (!run || state === 'interrupted') return undefined;
      return { ...job, run: withUsage(run, observation), progress: { state: 'interrupted' } };
    }
    case 'training-no-capacity': {
      const { reason } = observation;
      const next = ended(job, observation, { state: 'waiting', waitingFor: 'capacity', reason });
      const type = next?.run?.instanceType;
      return next && type ? { ...next, starved: starvedOnceMore(next.starved, type) } : next;
    }
    case 'training-completed':
      return ended(job, observation, { state: 'trained', artifacts: observation.artifacts });
    case 'training-failed': {
      const { code, what, remedy } = observation;
      if (job.run && startsAgain(job.run, code)) {
        const reason = `${what} It starts again from its last checkpoint.`;
        return ended(job, observation, { state: 'waiting', waitingFor: 'capacity', reason });
      }
      return ended(job, observation, { state: 'failed', code, what, remedy });
    }
    case 'student-published': {
      const { type: _, ...published } = observation;
      return { ...job, progress: { state: 'published', ...published } };
    }
    case 'stage-failed': {
      const { code, what, remedy } = observation;
      return { ...job, progress: { state: 'failed', code, what, remedy } };
    }
    case 'stage-threw': {
      if (FINAL.has(state)) return undefined;
      const failures = job.failures + 1;
      if (failures < MAX_FAILURES) return { ...job, failures };
      return { ...job, progress: failedStage(state, observation.reason) };
    }
    case 'cancel-requested':
      return { ...job, progress: { state: 'cancelled' } };
    case 'retry-requested':
      return {
        ...withoutStarved(job),
        waits: 0,
        progress: { state: job.summary ? 'validated' : 'received' },
      };
    case 'announced': {
      const outbox = job.outbox.filter(({ id }) => id !== observation.announcementId);
      return outbox.length === job.outbox.length ? undefined : { ...job, outbox };
    }
  }
}

const withoutStarved = ({ starved: _, ...job }: Job): Job => job;

/** The job's run, if the observation is about it and it has not ended. */
const openRun = ({ run }: Job, { trainingJobName }: { trainingJobName: string }) =>
  run?.trainingJobName === trainingJobName && !run.ended ? run : undefined;

/** The end of a run is recorded in every state: a cancelled job's run ends too, and only then may the job be retried. */
function ended(job: Job, observation: OfRun, progress: Progress): Job | undefined {
  const open = openRun(job, observation);
  if (!open) return undefined;
  const run = { ...withUsage(open, observation), ended: true };
  const { state } = job.progress;
  // A job retried while its old run was still stopping is validated again: the end of that run must not fail it.
  const isRetried = state === 'validated';
  if (isRetried || !TRANSITIONS[state].includes(progress.state)) return { ...job, run };
  const hasTrained = Boolean(run.billedSeconds); // then it begins a new row of refusals
  const { starved, ...rest } = job;
  const before = { ...rest, ...(starved && !hasTrained && { starved }) };
  const refusals = hasTrained ? 0 : job.waits;
  return {
    ...before,
    run,
    waits: progress.state === 'waiting' ? refusals + 1 : job.waits,
    progress,
  };
}

/** Dates and versions a changed job, and puts the announcement of a final state into its outbox. */
function settle(job: Job, observed: Job, at: Date): Job {
  const { deadline: _, ...changed } = observed;
  const next: Job = { ...changed, version: job.version + 1, updatedAt: at.toISOString() };
  if (observed.progress.state !== job.progress.state) {
    next.failures = 0;
    next.history = [...remembered(job), { state: next.progress.state, at: next.updatedAt }];
    const announcement = announcementOf(next, at);
    if (announcement) next.outbox = [...next.outbox, announcement];
  }
  const deadline = deadlineOf(next, at);
  return deadline === undefined ? next : { ...next, deadline };
}

const MAX_HISTORY = 200; // entries; the row is limited, and the newest ones matter

/** Of the rounds of waiting and launching, which may go on for weeks, only the last stays in the history. */
function remembered({ history, progress }: Job): Job['history'] {
  const [before, last] = [history.at(-2), history.at(-1)];
  const anotherRound =
    progress.state === 'launching' && last?.state === 'launching' && before?.state === 'waiting';
  return (anotherRound ? history.slice(0, -2) : history).slice(1 - MAX_HISTORY);
}
