import { advance, isStuck, type Job } from '#core/job.ts';
import { DATASETS, SEAL_FILE, uploadSealedBy } from '#core/keys.ts';
import { type AnnouncePorts, announceJob } from '#lambdas/announce-job/announce-job.ts';
import { type LaunchPorts, launchTraining } from '#lambdas/launch-training/launch-training.ts';
import { publishStudent } from '#lambdas/publish-student/publish-student.ts';
import {
  type ValidationPorts,
  validateDataset,
} from '#lambdas/validate-dataset/validate-dataset.ts';
import { StaleJob } from '#ports';

export type SweepPorts = Omit<ValidationPorts & LaunchPorts & AnnouncePorts, 'teachers'> & {
  teachers: ValidationPorts['teachers'] & LaunchPorts['teachers'];
};

/**
 * Every few minutes: what no event has moved. Right even if every event was lost, and harmless at any time,
 * because each stage looks before it acts. One broken job never keeps the others waiting.
 *
 * @param aheadSeconds jobs whose deadline is at most this far away count as due; 0 on AWS, more on one machine
 * @param countStuck told how many jobs somebody should look after
 * @throws AggregateError, at the end, of what went wrong
 */
export async function sweepJobs(
  ports: SweepPorts,
  aheadSeconds = 0,
  countStuck: (jobs: number) => void = () => undefined,
): Promise<void> {
  const faults: unknown[] = [];
  const attempt = async (work: () => Promise<unknown>) => {
    await work().catch((error: unknown) => {
      if (!(error instanceof StaleJob)) faults.push(error); // else another one has just moved it: all that is wanted
    });
  };

  for await (const { key } of ports.objects.list(DATASETS)) {
    const isSeal = key.endsWith(`/${SEAL_FILE}`) || key.lastIndexOf('/') === DATASETS.length - 1;
    if (isSeal && uploadSealedBy(key)) await attempt(() => validateDataset(ports, key));
  }

  const due = new Date(ports.now().getTime() + aheadSeconds * 1000).toISOString();
  const open = await ports.jobs.open();
  for (const job of open) {
    if (job.deadline !== undefined && job.deadline <= due) await attempt(() => drive(ports, job));
  }
  countStuck(open.filter((job) => isStuck(job, ports.now())).length);
  if (faults.length > 0)
    throw new AggregateError(faults, `${faults.length} of the swept jobs met a fault`);
}

/** The stage that a job's state waits for, then its announcements. */
async function drive(ports: SweepPorts, job: Job): Promise<void> {
  const { state } = job.progress;
  if (state === 'received') await validateAgain(ports, job);
  if (['validated', 'waiting', 'launching'].includes(state)) await launchTraining(ports, job.id);
  else await publishStudent(ports, job.id);
  await announceJob(ports, job.id);
}

/** A validation that died. If the upload is no longer the one this row is about, the row can only end. */
async function validateAgain(ports: SweepPorts, job: Job): Promise<void> {
  await validateDataset(ports, sealOf(job));
  const after = await ports.jobs.load(job.id);
  if (after?.progress.state !== 'received') return;
  const what = 'The upload was replaced or removed before it was validated.';
  const remedy = 'Upload the dataset again, if nothing newer took its place.';
  await ports.jobs.save(
    advance(after, { type: 'stage-failed', code: 'UPLOAD_GONE', what, remedy }, ports.now()),
  );
}

/** An upload is sealed by the archive itself, or by the `_READY` in its folder. */
const sealOf = (job: Job): string =>
  job.form === 'folder' ? `${job.dataset}${SEAL_FILE}` : job.dataset;
