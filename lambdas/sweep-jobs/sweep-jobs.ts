import type { Job } from '#core/job.ts';
import { isStuck } from '#core/job-deadlines.ts';
import type { State } from '#core/job-progress.ts';
import { READY_FILE } from '#core/keys.ts';
import { sanitise } from '#core/problem.ts';
import { byUpload } from '#core/upload-order.ts';
import { type AnnouncePorts, announceJob } from '#lambdas/announce-job/announce-job.ts';
import { countFailures } from '#lambdas/count-failures.ts';
import { hasNoSlot } from '#lambdas/launch-training/launch-in-order.ts';
import { type LaunchPorts, launchTraining } from '#lambdas/launch-training/launch-training.ts';
import { publishStudent } from '#lambdas/publish-student/publish-student.ts';
import { recordObservation } from '#lambdas/record-observation.ts';
import {
  type ValidationPorts,
  validateDataset,
  validateNewUpload,
} from '#lambdas/validate-dataset/validate-dataset.ts';
import { StaleJob, type Subject } from '#ports';
import { findUnhandledUploads } from './handled-uploads.ts';

export type SweepPorts = Omit<ValidationPorts & LaunchPorts & AnnouncePorts, 'teachers'> & {
  teachers: ValidationPorts['teachers'] & LaunchPorts['teachers'];
  retryRefusedSeconds?: number;
};

/**
 * Every few minutes: moves the jobs whose deadline has passed, then looks for uploads without a job. It makes up for
 * every lost event and does no harm at any time, because each stage looks before it acts. A job that fails here does
 * not stop the others.
 *
 * @param aheadSeconds treats deadlines up to this far ahead as passed; 0 on AWS, more on one machine. It does not concern
 *   a launch that was refused just now
 * @param countStuck called with the number of jobs that make no progress
 * @throws AggregateError, at the end, of all failures
 */
export async function sweepJobs(
  ports: SweepPorts,
  aheadSeconds = 0,
  countStuck: (jobs: number) => void = () => undefined,
): Promise<void> {
  const failures: unknown[] = [];
  /** @returns what the work gives; `undefined` if it failed */
  async function attempt<T>(about: Subject, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof StaleJob) return undefined; // somebody else has just moved the job
      ports.log.failed(error, about);
      failures.push(error);
      return undefined;
    }
  }
  const isDue = (job: Job) => {
    const ahead = isJustRefused(ports, job) ? 0 : aheadSeconds * 1000; // ms
    return job.deadline !== undefined && Date.parse(job.deadline) <= ports.now().getTime() + ahead;
  };

  const open = await ports.jobs.open();
  countStuck(open.filter((job) => isStuck(job, ports.now())).length);
  let isFull = false; // all training slots are taken
  for (const job of inOrder(open, isDue)) {
    if (isFull && job.progress.state === 'waiting' && job.outbox.length === 0) continue;
    const about = { jobId: job.id };
    const after = await attempt(about, () =>
      drive(ports, job).catch(async (error: unknown) => {
        if (!(error instanceof StaleJob)) await attempt(about, () => giveUp(ports, job.id, error));
        throw error;
      }),
    );
    isFull ||= after !== undefined && hasNoSlot(job, after);
  }

  const known = new Set(open.map(({ id }) => id));
  await attempt({}, () =>
    findUnhandledUploads(ports, async (key) => {
      const about: Subject = { key };
      const job = await attempt(about, () =>
        countFailures(ports, about, () => validateNewUpload(ports, key, about)),
      );
      if (job && !known.has(job.id) && isDue(job)) await attempt(about, () => drive(ports, job));
      return job !== undefined;
    }),
  );
  if (failures.length > 0) {
    throw new AggregateError(failures, `${failures.length} of the swept jobs or uploads failed`);
  }
}

/** Whether a launch was refused just now, for lack of capacity. */
const isJustRefused = (
  { now, retryRefusedSeconds = 0 }: SweepPorts,
  { progress, updatedAt }: Job,
): boolean =>
  progress.state === 'waiting' &&
  progress.waitingFor !== 'concurrency' &&
  now().getTime() - Date.parse(updatedAt) < retryRefusedSeconds * 1000;

const NOT_LAUNCHED: ReadonlySet<State> = new Set(['validated', 'waiting', 'launching']);

/**
 * The jobs to move, in the order in which they are. Those that end come first, because they free training slots. Jobs
 * that wait for one follow in the order of their uploads, also if their pause after a refusal is not over but that of a
 * later upload is. Validations come last: one that outlives this invocation must not keep the other jobs waiting.
 */
function inOrder(open: readonly Job[], isDue: (job: Job) => boolean): Job[] {
  const due = open.filter(isDue);
  const isReceived = ({ progress }: Job) => progress.state === 'received';
  const isLaunchable = ({ progress }: Job) => NOT_LAUNCHED.has(progress.state);
  const line = open.filter(isLaunchable).sort(byUpload);
  return [
    ...due.filter((job) => !isReceived(job) && !isLaunchable(job)),
    ...line.slice(0, line.findLastIndex(isDue) + 1),
    ...due.filter(isReceived),
  ];
}

/** States that end as failed when their stage cannot work, as in an outage, although the job has been stuck for long. */
const GIVEN_UP: ReadonlySet<State> = new Set(['received', 'validated', 'launching', 'trained']);

/** Ends a job that an outage has kept from its next step for long, so that its owner hears of it. */
async function giveUp(ports: SweepPorts, jobId: string, error: unknown): Promise<void> {
  const job = await ports.jobs.load(jobId); // the failed try may have moved it
  if (!job || !GIVEN_UP.has(job.progress.state) || !isStuck(job, ports.now())) return;
  const { state } = job.progress;
  const reason = error instanceof Error ? error.message : String(error);
  await recordObservation(ports, job, {
    type: 'stage-failed',
    code: 'STAGE_FAILED',
    what: `The job was "${state}" for more than an hour, and its next step failed each time: ${sanitise(reason)}`,
    remedy: 'Correct the cause, then retry the job; the log of the sweeper has the details.',
  });
}

/**
 * Runs the stage that the job's state waits for, then sends its announcements, even if the stage threw.
 *
 * @returns the job after a stage that may launch it
 */
async function drive(ports: SweepPorts, job: Job): Promise<Job | undefined> {
  const about: Subject = { jobId: job.id };
  try {
    return await countFailures(ports, about, async () => {
      await countSilentFailure(ports, job);
      return runStage(ports, job, about);
    });
  } finally {
    await announceJob(ports, job.id);
  }
}

/**
 * A stage that kills its process (out of memory, out of time) leaves no exception to count. So a job that has been
 * stuck for long is counted before each try; a try that succeeds begins the count anew.
 */
async function countSilentFailure(ports: SweepPorts, job: Job): Promise<void> {
  if (!GIVEN_UP.has(job.progress.state) || !isStuck(job, ports.now())) return;
  const reason = 'It ended without a message each time; it may have run out of memory or time.';
  await recordObservation(ports, job, { type: 'stage-threw', reason });
}

/** @param about receives the job that is validated, which may be another: that of a newer upload */
async function runStage(ports: SweepPorts, job: Job, about: Subject): Promise<Job | undefined> {
  switch (job.progress.state) {
    case 'received':
      await validateAgain(ports, job, about);
      return undefined;
    case 'validated':
    case 'waiting':
    case 'launching':
      return launchTraining(ports, job.id);
    case 'training':
    case 'interrupted':
    case 'trained':
    case 'failed':
    case 'cancelled': // its training job may still run
    case 'published': // its output may still be there
      await publishStudent(ports, job.id);
      return undefined;
    case 'rejected':
      return undefined;
  }
}

/** Repeats a validation that died. If the upload is no longer the one that this row is about, the job fails. */
async function validateAgain(ports: SweepPorts, job: Job, about: Subject): Promise<void> {
  await validateDataset(ports, sealOf(job), about);
  const after = await ports.jobs.load(job.id);
  if (after?.progress.state !== 'received') return;
  await recordObservation(ports, after, {
    type: 'stage-failed',
    code: 'UPLOAD_GONE',
    what: 'The upload was replaced or removed before it was validated.',
    remedy: 'Upload the dataset again, unless a newer upload has replaced it.',
  });
}

/** The key that seals a job's upload: the archive itself, or the `_READY` of the folder. */
const sealOf = (job: Job): string =>
  job.form === 'folder' ? `${job.dataset}${READY_FILE}` : job.dataset;
