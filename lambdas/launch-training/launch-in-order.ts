import type { Job } from '#core/job.ts';
import { byUpload } from '#core/upload-order.ts';
import { countFailures } from '#lambdas/count-failures.ts';
import { StaleJob } from '#ports';
import { type LaunchPorts, launchTraining } from './launch-training.ts';

/**
 * Launches a job that has just been validated, after the jobs that were uploaded before it and are not launched yet:
 * first come, first served. Their refusals, and the longer pauses after each, cost them time but not their place.
 */
export async function launchInOrder(ports: LaunchPorts, jobId: string): Promise<Job | undefined> {
  const job = await ports.jobs.load(jobId);
  if (!job) return undefined;
  if (job.progress.state === 'validated') {
    const before = (await ports.jobs.open()).filter(
      (each) => ['validated', 'waiting'].includes(each.progress.state) && byUpload(each, job) < 0,
    );
    for (const each of before.sort(byUpload)) {
      const after = await tryLaunch(ports, each.id);
      if (after && hasNoSlot(each, after)) break; // and so there is none for the others
    }
  }
  return launchTraining(ports, jobId);
}

/** Whether a waiting job found all training slots taken: then it is as before. */
export const hasNoSlot = (before: Job, after: Job): boolean =>
  before.progress.state === 'waiting' &&
  after.version === before.version &&
  after.run?.ended !== false;

/** The failure of another job must not keep this one: that one has its own deadline. */
async function tryLaunch(ports: LaunchPorts, jobId: string): Promise<Job | undefined> {
  try {
    return await countFailures(ports, { jobId }, () => launchTraining(ports, jobId));
  } catch (error) {
    if (!(error instanceof StaleJob)) ports.log.failed(error, { jobId });
    return undefined;
  }
}
