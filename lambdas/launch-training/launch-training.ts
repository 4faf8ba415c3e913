import { costAtMost, instanceTypesFor } from '#core/cost.ts';
import { trainingJobName } from '#core/identity.ts';
import type { Job, Observation } from '#core/job.ts';
import { nextAttempt } from '#core/job-run.ts';
import { jobKeys, teacherPrefix } from '#core/keys.ts';
import { Recipe } from '#core/recipe.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import { FAILURES } from '#core/training-contract.ts';
import { type ObservationPorts, observeTraining } from '#lambdas/observe-training.ts';
import { recordObservation } from '#lambdas/record-observation.ts';
import { NoCapacity, type Objects, type TrainingRequest } from '#ports';

export interface LaunchPorts extends ObservationPorts {
  objects: Objects;
  teachers: ReadonlyMap<string, Pick<TeacherEntry, 'files'>>;
  teachersInImage: readonly string[]; // the training image contains these; the others come from the bucket
  instanceTypes: readonly string[]; // that this deployment allows, in order of preference
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

  const recipeText = await ports.objects.readText(jobKeys(job.id).recipe);
  if (recipeText === undefined) return recordObservation(ports, job, recipeMissing(job));
  const recipe = Recipe.parse(JSON.parse(recipeText));
  const isInImage = ports.teachersInImage.includes(recipe.teacher);
  const teacherChanged = isInImage ? undefined : await teacherProblem(ports, recipe.teacher);
  if (teacherChanged) return recordObservation(ports, job, teacherChanged);

  const hasSlot = await ports.jobs.claimSlot(job, ports.maxConcurrentJobs);
  if (!hasSlot) return recordObservation(ports, job, noSlot(ports.maxConcurrentJobs));

  // The row names the training job before it is created: if this process dies in between, the next one goes on.
  const name = job.run?.ended === false ? job.run.trainingJobName : nameOfNext(job);
  const instanceTypes = instanceTypesFor(recipe, ports.instanceTypes);
  const estimate = costAtMost(instanceTypes, recipe.budget);
  const launching = await recordObservation(ports, job, {
    type: 'launch-started',
    trainingJobName: name,
    estimate,
  });
  const outcome = await create(ports, {
    job: launching,
    trainingJobName: name,
    teacher: isInImage ? undefined : recipe.teacher,
    budget: recipe.budget,
    instanceTypes,
  });
  return recordObservation(ports, launching, outcome);
}

const nameOfNext = (job: Job): string => trainingJobName(job.name, job.id, nextAttempt(job));

async function create({ training }: LaunchPorts, request: TrainingRequest): Promise<Observation> {
  const { trainingJobName } = request;
  try {
    const instanceType = await training.start(request);
    return { type: 'training-running', trainingJobName, instanceType };
  } catch (error) {
    if (!(error instanceof NoCapacity)) throw error;
    const { waitingFor, message: reason } = error;
    return { type: 'launch-refused', trainingJobName, waitingFor, reason };
  }
}

/** Changes only a validated job: one that waits goes on waiting, and one that is launching has its slot already. */
const noSlot = (max: number): Observation => ({
  type: 'slot-refused',
  reason: `${max} of ${max} training slots are in use.`,
});

const recipeMissing = (job: Job): Observation => ({
  type: 'stage-failed',
  code: 'RECIPE_MISSING',
  what: `${jobKeys(job.id).recipe}, which the validation wrote, is missing.`,
  remedy: `Restore it from an earlier version of the object and retry the job, or change ${job.recipeKey} and upload the dataset again.`,
});

/** The teacher's files in the bucket must be exactly those of the catalogue. */
async function teacherProblem(
  { objects, teachers }: LaunchPorts,
  name: string,
): Promise<Observation | undefined> {
  for (const { name: file, sha256 } of teachers.get(name)?.files ?? []) {
    const found = await objects.digest(`${teacherPrefix(name)}${file}`);
    if (found?.sha256 === sha256) continue;
    return {
      type: 'stage-failed',
      code: 'TEACHER_CHANGED',
      what: `${teacherPrefix(name)}${file} ${found ? "differs from the catalogue's file." : 'is missing.'}`,
      remedy: FAILURES.TEACHER_CHANGED,
    };
  }
  return undefined;
}
