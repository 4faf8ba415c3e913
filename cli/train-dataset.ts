import { FINAL } from '#core/job-progress.ts';
import { describeCost } from './describe.ts';
import { describeStudent } from './describe-student.ts';
import { findStudent } from './find-student.ts';
import { followJob, requireSuccess } from './follow-job.ts';
import type { Dataset } from './open-dataset.ts';
import { info, megabytes, out, outJson } from './output.ts';
import type { Target } from './stack-option.ts';
import { summariseStudent } from './summarise-student.ts';
import { uploadDataset } from './upload-dataset.ts';
import { withPipeline } from './with-pipeline.ts';

export type TrainOptions = Target & { json?: boolean; verbose?: boolean };

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
  await withPipeline('training', options, async (pipeline) => {
    const title = `Upload ${dataset.name}`;
    const job = await followJob(pipeline, {
      title,
      work: async (setTitle) => {
        const id = await uploadDataset(pipeline, dataset, {
          onProgress: (bytes) => setTitle(`${title}: ${megabytes(bytes)}`),
          onNotice: info,
        });
        const known = await pipeline.jobs.load(id);
        if (known && FINAL.has(known.progress.state))
          info('This dataset was processed before; showing that result.');
        return id;
      },
    });
    const { progress, name } = requireSuccess(job);
    if (progress.state !== 'published') throw new Error(`job ${job.id} ended as ${progress.state}`);
    const card = await findStudent(pipeline.objects, `${name}/${progress.version}`);
    if (options.json) outJson({ job, student: card });
    else {
      const details = options.verbose ? `${describeStudent(card, pipeline)}\n\n` : '';
      const cost = describeCost(job);
      out(`\n${details}${cost && `${cost}\n`}${summariseStudent(card, images, options)}`);
    }
  });
}
