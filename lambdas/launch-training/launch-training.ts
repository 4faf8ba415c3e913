import { costAtMost, instanceTypesFor } from '#core/cost.ts';
import { trainingJobName } from '#core/identity.ts';
import { advance, type Job, nextAttempt, type Observation } from '#core/job.ts';
import { jobKeys, teacherPrefix } from '#core/keys.ts';
import { FAILURES } from '#core/plan.ts';
import { Recipe } from '#core/recipe.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import { observeTraining } from '#lambdas/observe-training.ts';
import { type Clock, type Jobs, NoCapacity, type Objects, type Training } from '#ports';

export interface LaunchPorts {
  objects: Objects;
  jobs: Jobs;
  training: Training;
  now: Clock;
  teachers: ReadonlyMap<string, Pick<TeacherEntry, 'files'>>;
  teachersInImage: readonly string[]; // a training job of theirs needs no teacher from the bucket
  instanceTypes: readonly string[]; // that this deployment allows, in the order of preference
  maxConcurrentJobs: number;
}

/** Stage 2. A dataset is validated: start its training job, or let it wait; never fail for want of room. */
export async function launchTraining(ports: LaunchPorts, jobId: string): Promise<Job | undefined> {
  const loaded = await ports.jobs.load(jobId);
  if (!loaded) return undefined;
  const job = loaded.progress.state === 'launching' ? loaded : await observeTraining(ports, loaded);
  if (!['validated', 'waiting', 'launching'].includes(job.progress.state)) return job;
  if (job.progress.state !== 'launching' && job.run?.ended === false) return job; // the last attempt has not ended

  const recipe = Recipe.parse(
    JSON.parse((await ports.objects.readText(jobKeys(job.id).recipe)) ?? '{}'),
  );
  const isInImage = ports.teachersInImage.includes(recipe.teacher);
  const broken = isInImage ? undefined : await teacherProblem(ports, recipe.teacher);
  if (broken) return move(ports, job, broken);

  const room = job.progress.state === 'launching' || (await hasRoom(ports, job));
  if (!room && job.progress.state === 'waiting') return job;

  // The claim comes before the call: whoever dies in between has left the name for the next to go on with.
  const name = job.run?.ended === false ? job.run.trainingJobName : nameOf(job);
  const instanceTypes = instanceTypesFor(recipe, ports.instanceTypes);
  const estimate = costAtMost(instanceTypes, recipe.budget);
  const claimed = await move(ports, job, {
    type: 'launch-started',
    trainingJobName: name,
    estimate,
  });
  const refused = { type: 'launch-refused', trainingJobName: name } as const;
  if (!room) {
    const reason = `${ports.maxConcurrentJobs} ${ports.maxConcurrentJobs === 1 ? 'job is' : 'jobs are'} under way; this one follows.`;
    return move(ports, claimed, { ...refused, waitingFor: 'concurrency', reason });
  }
  let instanceType: string;
  try {
    instanceType = await ports.training.start({
      job: claimed,
      trainingJobName: name,
      teacher: isInImage ? undefined : recipe.teacher,
      budget: recipe.budget,
      instanceTypes,
    });
  } catch (error) {
    if (!(error instanceof NoCapacity)) throw error;
    return move(ports, claimed, {
      ...refused,
      waitingFor: error.waitingFor,
      reason: error.message,
    });
  }
  return move(ports, claimed, { type: 'training-running', trainingJobName: name, instanceType });
}

const nameOf = (job: Job): string => trainingJobName(job.name, job.id, nextAttempt(job));

async function move({ jobs, now }: LaunchPorts, job: Job, seen: Observation): Promise<Job> {
  const moved = advance(job, seen, now());
  if (moved !== job) await jobs.save(moved);
  return moved;
}

/** Read, not counted: a counter drifts when a process dies, the rows do not. */
async function hasRoom({ jobs, maxConcurrentJobs }: LaunchPorts, job: Job): Promise<boolean> {
  const busy = (await jobs.open()).filter(
    ({ id, run, progress }) =>
      id !== job.id && (run?.ended === false || progress.state === 'launching'),
  );
  return busy.length < maxConcurrentJobs;
}

/** The teacher in the bucket must be the catalogue's, to the last bit. */
async function teacherProblem(
  { objects, teachers }: LaunchPorts,
  name: string,
): Promise<Observation | undefined> {
  for (const { name: file, sha256 } of teachers.get(name)?.files ?? []) {
    const found = await objects.digest(`${teacherPrefix(name)}${file}`);
    if (found?.sha256 === sha256) continue;
    const what = `${teacherPrefix(name)}${file} ${found ? "is not the catalogue's file." : 'is missing.'}`;
    return {
      type: 'stage-failed',
      code: 'TEACHER_CHANGED',
      what,
      remedy: FAILURES.TEACHER_CHANGED,
    };
  }
  return undefined;
}
