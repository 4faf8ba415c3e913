import { Latest, parseCard } from '#core/card.ts';
import { shortJobId, studentVersion } from '#core/identity.ts';
import type { Job, Observation } from '#core/job.ts';
import { CARD_FILE, jobKeys, latestKey, parseS3Uri, studentKeys } from '#core/keys.ts';
import { byUpload } from '#core/upload-order.ts';
import { changeObject } from '#lambdas/change-object.ts';
import { type ObservationPorts, observeTraining } from '#lambdas/observe-training.ts';
import { recordObservation } from '#lambdas/record-observation.ts';
import { removeBelow } from '#lambdas/remove-below.ts';
import type { Objects } from '#ports';
import { numberVersion } from './number-version.ts';
import { reportBrokenFiles } from './report-broken-files.ts';

export interface PublishPorts extends ObservationPorts {
  objects: Objects;
}

/** Stage 3. Looks at a job's training job, and publishes the student of one that has completed. */
export async function publishStudent(ports: PublishPorts, jobId: string): Promise<Job | undefined> {
  const loaded = await ports.jobs.load(jobId);
  if (!loaded) return undefined;
  const job = await observeTraining(ports, loaded);
  await reportBrokenFiles(ports.objects, job);
  const { progress } = job;
  const after =
    progress.state === 'trained' ? await publishTrained(ports, job, progress.artifacts) : job;
  await removeOutput(ports.objects, after);
  return after;
}

async function publishTrained(ports: PublishPorts, job: Job, artifacts: string): Promise<Job> {
  try {
    return await recordObservation(ports, job, await publish(ports, job, artifacts));
  } catch (error) {
    // In the meantime another publisher may have finished, and removed the output that this one was copying.
    const present = await ports.jobs.load(job.id);
    if (present && present.progress.state !== 'trained') return present;
    throw error;
  }
}

async function publish(
  { objects, jobs }: PublishPorts,
  job: Job,
  artifacts: string,
): Promise<Observation> {
  const version = studentVersion(job.id);
  const keys = studentKeys(job.name, version);
  const output = withSlash(parseS3Uri(artifacts).key);
  // A complete student is never written again: an earlier try died before it could update the row.
  const published = await objects.readText(keys.card);
  const text = published ?? (await objects.readText(`${output}${CARD_FILE}`));
  const read = parseCard(text ?? '');
  if (!('card' in read) || text === undefined) {
    return outputInvalid(
      'problem' in read && read.problem === 'newer'
        ? `${CARD_FILE} was written by a newer training image than this pipeline supports.`
        : `The training job left no valid ${CARD_FILE}.`,
    );
  }
  const { card } = read;
  if (card.jobId !== job.id) {
    return outputInvalid(`${CARD_FILE} belongs to another job, ${shortJobId(card.jobId)}.`);
  }

  if (published === undefined) {
    for (const { path, bytes, sha256 } of card.files) {
      const found = await objects.digest(`${output}${path}`);
      if (found?.sha256 !== sha256 || found.bytes !== bytes) {
        return outputInvalid(`${path} ${found ? `does not match ${CARD_FILE}.` : 'is missing.'}`);
      }
      await objects.copy(`${output}${path}`, `${keys.prefix}${path}`, found.etag);
    }
    await objects.writeIf(keys.card, text, undefined); // last: its presence means complete
  }
  const { number, comparison } = await numberVersion({ objects, jobs }, job, card);
  await moveLatest(objects, job, version);

  const { accuracy, interval95 } = card.metrics.test;
  return {
    type: 'student-published',
    version,
    number,
    accuracy,
    interval95,
    ...(comparison && { comparison }),
  };
}

/**
 * A student is stored once: when the row says that it is published, nothing reads the output and the checkpoints any
 * more. What a process that died has left is removed at the next look at the job, or by `understudy prune`.
 */
async function removeOutput(objects: Objects, { id, progress }: Job): Promise<void> {
  if (progress.state !== 'published') return;
  const { output, checkpoints } = jobKeys(id);
  for (const prefix of [output, checkpoints]) await removeBelow(objects, prefix);
}

/** Points `latest.json` at a student unless a newer upload's student is there, in whatever order training jobs finish. */
function moveLatest(objects: Objects, job: Job, version: string): Promise<void> {
  const { id: jobId, uploadedAt, createdAt } = job;
  const mine: Latest = { schema: 1, version, jobId, uploadedAt, createdAt };
  return changeObject(objects, latestKey(job.name), (present) =>
    present !== undefined && isNoEarlier(Latest.parse(JSON.parse(present)), job)
      ? undefined
      : JSON.stringify(mine, null, 2),
  );
}

function isNoEarlier({ jobId, uploadedAt, createdAt }: Latest, job: Job): boolean {
  const there = { id: jobId, uploadedAt, createdAt: createdAt ?? uploadedAt };
  return byUpload(there, job) >= 0;
}

const outputInvalid = (what: string): Observation => ({
  type: 'stage-failed',
  code: 'OUTPUT_BROKEN',
  what,
  remedy: 'Retry the job; it trains again.',
});

const withSlash = (prefix: string): string => (prefix.endsWith('/') ? prefix : `${prefix}/`);
