import { setTimeout as pause } from 'node:timers/promises';
import { studentVersion } from '#core/identity.ts';
import { advance, type Job, type Observation } from '#core/job.ts';
import { FINAL } from '#core/job-progress.ts';
import { jobKeys, studentKeys } from '#core/keys.ts';
import { removeBelow } from '#lambdas/remove-below.ts';
import { type Jobs, type Objects, StaleJob } from '#ports';
import { CliError, EXIT } from './cli-error.ts';
import type { Removal } from './find-removal.ts';
import { removeUpload } from './find-upload.ts';
import { forgetNumbers, settleLatest } from './settle-latest.ts';

/**
 * Removes students with their jobs and uploads. The order is such that it may be killed anywhere: a student is complete
 * or has no card; an upload goes before the row that keeps the sweeper from training it again; and the rows, by which the
 * same command finds the rest, go last. Jobs that are paused are cancelled first.
 *
 * @param removeTrainings deletes what this machine keeps of the jobs' trainings
 * @returns the latest version of the student now; `undefined` if none is left
 */
export async function remove(
  { objects, jobs }: { objects: Objects; jobs: Jobs },
  { name, versions, jobs: rows, isPaused }: Removal,
  allJobs: readonly Job[],
  removeTrainings: () => Promise<void>,
): Promise<string | undefined> {
  for (const { id } of rows) {
    if (isPaused) await endPaused(jobs, id);
    else await requireStillEnded(jobs, id);
  }
  await objects.remove(versions.map((version) => studentKeys(name, version).card));
  const latest = versions.length > 0 ? await settleLatest(objects, name, allJobs) : undefined;
  if (versions.length > 0 && latest === undefined) await forgetNumbers(objects, name);
  for (const version of versions) await removeBelow(objects, studentKeys(name, version).prefix);
  for (const job of rows) await removeUpload(objects, job);
  for (const { id } of rows) await removeBelow(objects, jobKeys(id).prefix);
  await removeTrainings();
  for (const { id } of rows) await removeRow(jobs, id);
  return latest;
}

/** @throws CliError usage, if somebody has retried the job while its owner was asked */
async function requireStillEnded(jobs: Jobs, id: string): Promise<void> {
  const job = await jobs.load(id);
  if (!job || FINAL.has(job.progress.state)) return;
  const sentence = `The job ${studentVersion(id)} was retried in the meantime; nothing was removed. Cancel it first: npx understudy cancel ${studentVersion(id)}`;
  throw new CliError(EXIT.usage, sentence);
}

/** Cancels a job that nothing works on now, and ends its training, which will not be resumed. */
async function endPaused(jobs: Jobs, id: string): Promise<void> {
  const stored = await jobs.load(id);
  if (!stored) return;
  let job = FINAL.has(stored.progress.state) ? stored : after(stored, { type: 'cancel-requested' });
  const { trainingJobName = '' } = job.run ?? {};
  const words = { code: 'STOPPED', what: 'The training was removed while it was paused.' };
  job = after(job, { type: 'training-failed', trainingJobName, ...words, remedy: '' });
  if (job !== stored) await jobs.save({ ...job, version: stored.version + 1 });
}

const after = (job: Job, observation: Observation): Job => advance(job, observation, new Date());

/** @throws CliError usage, if somebody has retried the job meanwhile */
async function removeRow(jobs: Jobs, id: string): Promise<void> {
  for (;;) {
    const job = await jobs.load(id);
    if (!job) return;
    if (!FINAL.has(job.progress.state)) {
      const sentence = `The job ${studentVersion(id)} was retried in the meantime, and is kept. Its files are gone: cancel it, then remove it again.`;
      throw new CliError(EXIT.usage, sentence);
    }
    try {
      return await jobs.remove(job);
    } catch (error) {
      if (!(error instanceof StaleJob)) throw error;
      await pause(50); // its announcement has just been sent
    }
  }
}
