import { advance, type Job, type Observation } from '#core/job.ts';
import type { Clock, Jobs, Training } from '#ports';

export interface ObservationPorts {
  jobs: Jobs;
  training: Training;
  now: Clock;
}

/** Looks at a job's training job, tells the row, and ends a training that nobody wants any more. */
export async function observeTraining(
  { jobs, training, now }: ObservationPorts,
  job: Job,
): Promise<Job> {
  const { run } = job;
  if (!run || run.ended) return job;

  const seen = await observed(training, run.trainingJobName, job);
  if (!seen) return job;
  const unwanted = !['launching', 'training', 'interrupted'].includes(job.progress.state);
  const isRunning = seen.type === 'training-running' || seen.type === 'training-interrupted';
  if (unwanted && isRunning) {
    await training.stop(run.trainingJobName); // cancelled, or to be tried again: seen ended on a later look
    return job;
  }

  const moved = advance(job, seen, now());
  if (moved !== job) await jobs.save(moved);
  return moved;
}

async function observed(
  training: Training,
  trainingJobName: string,
  job: Job,
): Promise<Observation | undefined> {
  const seen = await training.describe(trainingJobName);
  switch (seen?.is) {
    case 'running':
      return { type: 'training-running', trainingJobName, ...seen.usage };
    case 'interrupted':
      return { type: 'training-interrupted', trainingJobName, ...seen.usage };
    case 'starved':
      return { type: 'training-no-capacity', trainingJobName, reason: seen.reason, ...seen.usage };
    case 'completed':
      return {
        type: 'training-completed',
        trainingJobName,
        artifacts: seen.artifacts,
        ...seen.usage,
      };
    case 'ended':
      return {
        type: 'training-failed',
        trainingJobName,
        code: seen.code,
        what: seen.what,
        remedy: seen.remedy,
        ...seen.usage,
      };
    case undefined:
      // A launch may have died between its claim and its call: the launcher goes on with it.
      if (job.progress.state === 'launching') return undefined;
      return {
        type: 'training-failed',
        trainingJobName,
        code: 'TRAINING_MISSING',
        what: `There is no training job ${trainingJobName} (any more).`,
        remedy: 'Retry the job.',
      };
  }
}
