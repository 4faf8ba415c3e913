import { studentVersion } from '#core/identity.ts';
import type { Job } from '#core/job.ts';
import { jobKeys } from '#core/keys.ts';
import { removeBelow } from '#lambdas/remove-below.ts';
import { abandonedUploads, abort } from './abandoned-uploads.ts';
import type { Pipeline } from './connect.ts';
import { localTrainings, removeTrainings } from './local-trainings.ts';

/** Something that nothing will read any more. */
export interface Garbage {
  kind: (typeof KINDS)[number];
  files: number;
  bytes: number;
  /** What a retry of its job then does, if there can be one. */
  loss?: string;
  remove(): Promise<void>;
}

/** The kinds of garbage, as users know them. */
export const KINDS = [
  'training outputs',
  'checkpoints and features',
  'unfinished uploads',
  'training logs',
] as const;

const WEEK_MS = 7 * 24 * 3600 * 1000; // chosen: somebody may still look into a failure, and retry it

export interface Wanted {
  all: boolean; // failed jobs too, however recently they failed
  isLocal: boolean;
  now: Date;
}

/** Finds what jobs that have ended leave behind, and uploads that were begun and never finished. */
export async function findGarbage(pipeline: Pipeline, wanted: Wanted): Promise<Garbage[]> {
  const jobs = await pipeline.allJobs();
  const over = jobs.filter((job) => isOver(job, wanted));
  const found: Garbage[] = [];
  for (const job of over) found.push(...(await leftBy(pipeline, job, wanted)));
  for (const upload of await abandonedUploads(pipeline, wanted.now)) {
    const remove = () => abort(pipeline, upload);
    found.push({ kind: 'unfinished uploads', files: upload.parts, bytes: upload.bytes, remove });
  }
  if (!wanted.isLocal) return found;

  const kept = new Set(jobs.filter((job) => !over.includes(job)).map(({ id }) => id));
  for (const { name, jobId, hasEnded, files, bytes } of await localTrainings()) {
    const remove = () => removeTrainings([name]);
    if (hasEnded && !kept.has(jobId)) found.push({ kind: 'training logs', files, bytes, remove });
  }
  return found;
}

/** Whether nothing will be read again of what a job has left, unless somebody retries it. */
function isOver({ progress, run, updatedAt }: Job, { all, now }: Wanted): boolean {
  if (run?.ended === false) return false;
  switch (progress.state) {
    case 'published':
    case 'rejected':
    case 'cancelled':
      return true;
    case 'failed':
      return all || now.getTime() - Date.parse(updatedAt) > WEEK_MS;
    default:
      return false;
  }
}

async function leftBy({ objects, jobs }: Pipeline, job: Job, wanted: Wanted): Promise<Garbage[]> {
  const { id, name, progress } = job;
  const keys = jobKeys(id);
  const found: Garbage[] = [];
  for (const [kind, prefix] of [
    ['training outputs', keys.output],
    ['checkpoints and features', keys.checkpoints],
  ] as const) {
    let [files, bytes] = [0, 0];
    for await (const { size } of objects.list(prefix)) {
      files += 1;
      bytes += size;
    }
    if (files === 0) continue;
    const canBeRetried = ['failed', 'cancelled'].includes(progress.state);
    const losesWork = canBeRetried && prefix === keys.checkpoints;
    found.push({
      kind,
      files,
      bytes,
      ...(losesWork && {
        loss: `"${name}" (${studentVersion(id)}, ${progress.state}): a retry trains from the beginning.`,
      }),
      async remove() {
        const still = await jobs.load(id); // it may have been retried since
        if (still && isOver(still, wanted)) await removeBelow(objects, prefix);
      },
    });
  }
  return found;
}
