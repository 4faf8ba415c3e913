import { FINAL } from '#core/job-progress.ts';
import type { Pipeline } from './connect.ts';
import { isStudentGone, knownInWords } from './known-job.ts';
import type { Dataset } from './open-dataset.ts';
import { type UploadListeners, uploadDataset } from './upload-dataset.ts';

/**
 * Uploads a dataset. If it was processed before, that is said, and its job is the one that it had; but if the student
 * was removed since, it is trained again.
 *
 * @param now makes another job of a known dataset; the same for the same call repeated
 * @param force trains again in any case
 * @returns the id of its job
 */
export async function startJob(
  pipeline: Pick<Pipeline, 's3' | 'bucket' | 'objects' | 'jobs'>,
  dataset: Dataset,
  { now, force = false }: { now: string; force?: boolean | undefined },
  listeners: UploadListeners & { onNotice: (sentence: string) => void },
): Promise<string> {
  const id = await uploadDataset(pipeline, dataset, listeners, force ? now : undefined);
  const known = await pipeline.jobs.load(id);
  if (!known || !FINAL.has(known.progress.state)) return id;
  if (!(await isStudentGone(pipeline.objects, known))) {
    listeners.onNotice(await knownInWords(pipeline.objects, known));
    return id;
  }
  listeners.onNotice(
    'This dataset was processed before, but its student was removed; training it again.',
  );
  return uploadDataset(pipeline, dataset, listeners, now);
}
