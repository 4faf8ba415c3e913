import { wantedInstances } from '#core/capacity.ts';
import { budgetOf, costAtMost, instanceTypesFor } from '#core/cost.ts';
import { trainingJobName } from '#core/identity.ts';
import type { Job, Observation } from '#core/job.ts';
import { nextAttempt } from '#core/job-run.ts';
import { inputKeys } from '#core/keys.ts';
import { Recipe } from '#core/recipe.ts';
import { type ObservationPorts, observeTraining } from '#lambdas/observe-training.ts';
import { recordObservation } from '#lambdas/record-observation.ts';
import { LaunchRefused, NoCapacity, type TrainingRequest } from '#ports';
import { findTeachers, type TeacherPorts } from './find-teachers.ts';

export interface LaunchPorts extends ObservationPorts, TeacherPorts {
  instanceTypes: readonly string[]; // that this deployment allows, in order of preference
  spot: boolean | 'fallback'; // `fallback`: on demand once no type is to be had as spot
  defaultMinutes: number; // of a training job whose recipe sets none
  maxConcurrentJobs: number;
}

/** Stage 2. Starts the training job of a validated dataset, or lets it wait; a lack of capacity is never a failure. */
export async function launchTraining(ports: LaunchPorts, jobId: string): Promise<Job | undefined> {
  const loaded = await ports.jobs.load(jobId);
  if (!loaded) return undefined;
  const isResumed = loaded.progress.state === 'launching'; // an earlier launcher died: go on under the same name
  const job = isResumed ? loaded : await observeTraining(ports, loaded);
  const { state } = job.progress;
  if (!['validated', 'waiting', 'launching'].includes(state)) return job;
  if (!isResumed && job.run?.ended === false) return job; // the last attempt has not ended

  if (!job.summary) throw new Error(`job ${job.id} has no validated dataset`);
  const recipeKey = inputKeys(job.id, job.summary).recipe;
  const recipeText = await ports.objects.readText(recipeKey);
  if (recipeText === undefined) return recordObservation(ports, job, recipeMissing(job, recipeKey));
  const recipe = Recipe.parse(JSON.parse(recipeText));
  const teacher = await findTeachers(ports, recipe);
  if ('failure' in teacher) return recordObservation(ports, job, teacher.failure);

  const hasSlot = await ports.jobs.claimSlot(job, ports.maxConcurrentJobs);
  if (!hasSlot) return recordObservation(ports, job, noSlot(ports.maxConcurrentJobs));

  // The row names the training job before it is created: if this process dies in between, the next one goes on.
  const begun = job.run?.ended === false ? job.run : undefined;
  const attempt = begun?.attempt ?? (await attemptOf(ports, job));
  const name = begun?.trainingJobName ?? trainingJobName(job.name, job.id, attempt);
  const instanceTypes = instanceTypesFor(recipe, ports.instanceTypes);
  const budget = budgetOf(recipe, ports.defaultMinutes);
  const estimate = costAtMost(instanceTypes, budget);
  const launching = await recordObservation(ports, job, {
    type: 'launch-started',
    trainingJobName: name,
    attempt,
    estimate,
  });
  const outcome = await create(ports, {
    job: launching,
    trainingJobName: name,
    teacherChannel: teacher.channel,
    budget,
    ...wantedInstances(instanceTypes, ports.spot, launching.starved),
  });
  return recordObservation(ports, launching, outcome);
}

/**
 * The number of the next attempt. If the job was removed and its dataset uploaded again, the training jobs of its first
 * life have taken some names: SageMaker keeps them for ever, but their output is gone.
 */
async function attemptOf({ training }: LaunchPorts, job: Job): Promise<number> {
  let attempt = nextAttempt(job);
  if (job.run) return attempt;
  for (; ; attempt++) {
    const known = await training.describe(trainingJobName(job.name, job.id, attempt));
    if (known?.endedAt === undefined || known.endedAt >= job.createdAt) return attempt;
  }
}

async function create({ training }: LaunchPorts, request: TrainingRequest): Promise<Observation> {
  const { trainingJobName } = request;
  try {
    const instanceType = await training.start(request);
    return { type: 'training-running', trainingJobName, ...(instanceType && { instanceType }) };
  } catch (error) {
    if (error instanceof LaunchRefused) return refused(trainingJobName, error);
    if (!(error instanceof NoCapacity)) throw error;
    const { waitingFor, message: reason } = error;
    return { type: 'launch-refused', trainingJobName, waitingFor, reason };
  }
}

/** The run ends with it, so that its slot is free and the job can be retried. */
const refused = (trainingJobName: string, { message }: LaunchRefused): Observation => ({
  type: 'training-failed',
  trainingJobName,
  code: 'LAUNCH_REFUSED',
  what: `AWS did not accept the training job. ${message}`,
  remedy:
    'Change what its sentence names (docs/deploy.md lists settings, quotas and permissions), then retry the job.',
});

/** Changes only a validated job: one that waits goes on waiting, and one that is launching has its slot already. */
const noSlot = (max: number): Observation => ({
  type: 'slot-refused',
  reason: `${max} of ${max} training slots are in use.`,
});

const recipeMissing = (job: Job, key: string): Observation => ({
  type: 'stage-failed',
  code: 'RECIPE_MISSING',
  what: `${key}, which the validation wrote, is missing.`,
  remedy: `Restore it from an earlier version of the object and retry the job, or change ${job.recipeKey} and upload the dataset again.`,
});
