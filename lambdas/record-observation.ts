import { advance, type Job, type Observation } from '#core/job.ts';
import type { Clock, Jobs, StageLog } from '#ports';

export interface RecordPorts {
  jobs: Jobs;
  log: StageLog;
  now: Clock;
}

/**
 * Applies an observation to a job, and saves and logs the job if that changes it.
 *
 * @throws StaleJob when another writer was faster
 */
export async function recordObservation(
  { jobs, log, now }: RecordPorts,
  job: Job,
  observation: Observation,
): Promise<Job> {
  const moved = advance(job, observation, now());
  if (moved === job) return job;
  await jobs.save(moved);
  log.recorded({
    jobId: job.id,
    observation: observation.type,
    from: job.progress.state,
    to: moved.progress.state,
  });
  return moved;
}
