import { FINAL } from '#core/job-progress.ts';
import { describeCost } from './describe.ts';
import { describeStudent } from './describe-student.ts';
import { findStudent } from './find-student.ts';
import { followJob, requireSuccess } from './follow-job.ts';
import { isStudentGone, knownInWords } from './known-job.ts';
import type { Dataset } from './open-dataset.ts';
import { info, megabytes, out, outJson } from './output.ts';
import type { Target } from './stack-option.ts';
import { latestVersion, numberedVersion, withVersion } from './student-versions.ts';
import { summariseStudent } from './summarise-student.ts';
import { uploadDataset } from './upload-dataset.ts';
import { withPipeline } from './with-pipeline.ts';

export type TrainOptions = Target & {
  json?: boolean;
  verbose?: boolean;
  force?: boolean; // train again what was processed before
};

/**
 * Uploads a dataset, follows its job, and prints what became of it.
 *
 * @param images files that the student could classify next
 */
export async function trainDataset(
  dataset: Dataset,
  options: TrainOptions,
  images: readonly string[] = [],
): Promise<void> {
  const now = new Date().toISOString(); // once: the work may be repeated, and is then the same job
  await withPipeline('training', options, async (pipeline) => {
    const { objects, jobs } = pipeline;
    const title = `Upload ${dataset.name}`;
    const job = await followJob(pipeline, {
      title,
      work: async (setTitle) => {
        const listeners = {
          onProgress: (bytes: number) => setTitle(`${title}: ${megabytes(bytes)}`),
          onNotice: info,
        };
        const again = options.force ? now : undefined;
        const id = await uploadDataset(pipeline, dataset, listeners, again);
        const known = await jobs.load(id);
        if (!known || !FINAL.has(known.progress.state)) return id;
        if (await isStudentGone(objects, known)) {
          info(
            'This dataset was processed before, but its student was removed; training it again.',
          );
          return uploadDataset(pipeline, dataset, listeners, now);
        }
        info(await knownInWords(objects, known));
        return id;
      },
    });
    const { progress, name } = requireSuccess(job);
    if (progress.state !== 'published') throw new Error(`job ${job.id} ended as ${progress.state}`);
    const card = await findStudent(objects, `${name}/${progress.version}`);
    const entry = await numberedVersion(objects, card);
    if (options.json) {
      outJson({ job, student: withVersion(card, entry) });
      return;
    }
    const details = options.verbose ? `${describeStudent(card, pipeline, entry)}\n\n` : '';
    const cost = describeCost(job);
    const isLatest = (await latestVersion(objects, name)) === card.version;
    const summary = summariseStudent(card, images, options, { entry, isLatest });
    out(`\n${details}${cost && `${cost}\n`}${summary}`);
  });
}
