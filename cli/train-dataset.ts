import { followJob } from './follow-job.ts';
import type { Dataset } from './open-dataset.ts';
import { info, megabytes } from './output.ts';
import { followed, type ReportOptions, reportResult } from './report-result.ts';
import { startJob } from './start-job.ts';
import { withPipeline } from './with-pipeline.ts';

export type TrainOptions = ReportOptions & {
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
    const title = `Upload ${dataset.name}`;
    const start = (setTitle: (title: string) => void) =>
      startJob(
        pipeline,
        dataset,
        { now, force: options.force },
        {
          onProgress: (bytes) => setTitle(`${title}: ${megabytes(bytes)}`),
          onNotice: info,
        },
      );
    const job = await followed(options, () => followJob(pipeline, { title, work: start }));
    await reportResult(pipeline, job, options, images);
  });
}
