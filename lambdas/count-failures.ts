import { FINAL } from '#core/job-progress.ts';
import { type StageLog, StaleJob, type Subject } from '#ports';
import { isOutage } from './is-outage.ts';
import { type RecordPorts, recordObservation } from './record-observation.ts';

/**
 * Runs a stage for a job. If it throws, the row counts that, and the count ends a job whose stage always throws: its
 * owner hears of it, and its training slot becomes free. The exception is passed on, so that the queue, the stream or
 * the sweeper retries. Not counted: another writer was faster, and outages, which say nothing about the job.
 *
 * @param about has the job's id, or receives it from the stage; without one there is nothing to count
 */
export async function countFailures<Result>(
  ports: RecordPorts,
  about: Subject,
  stage: () => Promise<Result>,
): Promise<Result> {
  try {
    return await stage();
  } catch (error) {
    if (about.jobId !== undefined && !(error instanceof StaleJob) && !isOutage(error)) {
      await recordFailure(ports, about.jobId, error).catch((second: unknown) =>
        logUnlessStale(ports.log, second, about),
      );
    }
    throw error;
  }
}

const MAX_TRIES = 5;

/** Loads the row first: the failed stage may have moved it. */
async function recordFailure(ports: RecordPorts, jobId: string, error: unknown): Promise<void> {
  const reason = error instanceof Error ? error.message : String(error);
  for (let tries = 1; ; tries++) {
    const job = await ports.jobs.load(jobId);
    if (!job || FINAL.has(job.progress.state)) return;
    try {
      await recordObservation(ports, job, { type: 'stage-threw', reason });
      return;
    } catch (conflict) {
      if (!(conflict instanceof StaleJob) || tries === MAX_TRIES) throw conflict;
    }
  }
}

function logUnlessStale(log: StageLog, error: unknown, about: Subject): void {
  if (!(error instanceof StaleJob)) log.failed(error, about); // who moves the job meanwhile also looks after it
}
