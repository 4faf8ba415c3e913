import { Latest, parseCard } from '#core/card.ts';
import { studentVersion } from '#core/identity.ts';
import { advance, type Job, type Observation } from '#core/job.ts';
import { latestKey, parseS3Uri, studentKeys } from '#core/keys.ts';
import { type ObservationPorts, observeTraining } from '#lambdas/observe-training.ts';
import type { Objects } from '#ports';

export interface PublishPorts extends ObservationPorts {
  objects: Objects;
}

/** Stage 3. Something was heard of a training job: look at it, and publish the student of one that completed. */
export async function publishStudent(ports: PublishPorts, jobId: string): Promise<Job | undefined> {
  const loaded = await ports.jobs.load(jobId);
  if (!loaded) return undefined;
  const job = await observeTraining(ports, loaded);
  if (job.progress.state !== 'trained') return job;

  const seen = await publish(ports.objects, job, job.progress.artifacts);

  const published = advance(job, seen, ports.now());
  if (published !== job) await ports.jobs.save(published);
  return published;
}

async function publish(objects: Objects, job: Job, artifacts: string): Promise<Observation> {
  const version = studentVersion(job.id);
  const keys = studentKeys(job.name, version);
  const output = withSlash(parseS3Uri(artifacts).key);
  // A student that is complete is never written again: this is an earlier try that died before it told the row.
  const before = await objects.readText(keys.card);
  const text = before ?? (await objects.readText(`${output}student.json`));
  const read = parseCard(text ?? '');
  if (!('card' in read) || text === undefined) {
    return broken(
      'problem' in read && read.problem === 'newer'
        ? 'student.json was written by a newer training image than this pipeline supports.'
        : 'The training job left no valid student.json.',
    );
  }
  const { card } = read;
  if (card.jobId !== job.id)
    return broken(`student.json is of another job, ${card.jobId.slice(0, 16)}.`);

  if (before === undefined) {
    for (const { path, bytes, sha256 } of card.files) {
      const found = await objects.digest(`${output}${path}`);
      if (found?.sha256 !== sha256 || found.bytes !== bytes) {
        return broken(`${path} ${found ? 'is not what student.json says.' : 'is missing.'}`);
      }
      await objects.copy(`${output}${path}`, `${keys.prefix}${path}`, found.etag);
    }
    await objects.writeIf(keys.card, text, undefined); // last: its arrival means complete
  }
  await moveLatest(objects, job, version);

  const { accuracy, interval95 } = card.metrics.test;
  return { type: 'student-published', version, accuracy, interval95 };
}

/** `latest.json` moves only forward, by the time of the upload, however the trainings overtake each other. */
async function moveLatest(objects: Objects, job: Job, version: string): Promise<void> {
  const key = latestKey(job.name);
  const { id: jobId, uploadedAt } = job;
  const mine: Latest = { schema: 1, version, jobId, uploadedAt };
  for (let tries = 0; tries < 10; tries++) {
    const head = await objects.head(key);
    const present = head && Latest.parse(JSON.parse((await objects.readText(key)) ?? '{}'));
    if (present && present.uploadedAt >= uploadedAt) return;
    if (await objects.writeIf(key, JSON.stringify(mine, null, 2), head?.etag)) return;
  }
  throw new Error(`${key} is written by somebody else all the time`);
}

const broken = (what: string): Observation => ({
  type: 'stage-failed',
  code: 'OUTPUT_BROKEN',
  what,
  remedy: 'Retry the job; it trains again.',
});

const withSlash = (prefix: string): string => (prefix.endsWith('/') ? prefix : `${prefix}/`);
