import type { Job, TrainingObservation } from '#core/job.ts';
import type { Training } from '#ports';
import { type RecordPorts, recordObservation } from './record-observation.ts';

export interface ObservationPorts extends RecordPorts {
  training: Training;
}

/** Records the state of a job's training job, and stops a training job that is no longer wanted. */
export async function observeTraining(ports: ObservationPorts, job: Job): Promise<Job> {
  const { training } = ports;
  const { run } = job;
  if (!run || run.ended) return job;

  const described = await training.describe(run.trainingJobName);
  const observation = described?.observation ?? absence(ports, job, run.trainingJobName);
  if (!observation) return job;

  const isWanted = ['launching', 'training', 'interrupted'].includes(job.progress.state);
  const isRunning = ['training-running', 'training-interrupted'].includes(observation.type);
  if (isRunning && !isWanted) {
    await training.stop(run.trainingJobName); // cancelled, or about to be retried: a later look finds it ended
    return job;
  }
  return recordObservation(ports, job, observation);
}

/** Longer than any invocation of a launcher or the sweeper may take. */
const MAX_LAUNCH_MINUTES = 16;

/** SageMaker keeps training jobs for ever: one that is absent was never created. Is it certain that it never will be? */
function absence(
  { now }: ObservationPorts,
  job: Job,
  trainingJobName: string,
): TrainingObservation | undefined {
  // A launcher may have died between recording the launch and creating the training job: the next one completes it.
  if (job.progress.state === 'launching') return undefined;
  // A launcher that read the row before it last changed may be about to create it.
  const unchangedMs = now().getTime() - Date.parse(job.updatedAt);
  if (unchangedMs < MAX_LAUNCH_MINUTES * 60_000) return undefined;
  return {
    type: 'training-failed',
    trainingJobName,
    code: 'TRAINING_MISSING',
    what: `The training job ${trainingJobName} does not exist.`,
    remedy: 'Retry the job.',
  };
}
