import { describeCost } from './describe.ts';
import { describeStudent } from './describe-student.ts';
import { findStudent } from './find-student.ts';
import { followJob, requireSuccess } from './follow-job.ts';
import type { Dataset } from './open-dataset.ts';
import { info, megabytes, out, outJson } from './output.ts';
import type { Target } from './stack-option.ts';
import { startJob } from './start-job.ts';
import { latestVersion, numberedVersion, withVersion } from './student-versions.ts';
import { summariseStudent } from './summarise-student.ts';
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
    const { objects } = pipeline;
    const title = `Upload ${dataset.name}`;
    const job = await followJob(pipeline, {
      title,
      work: (setTitle) =>
        startJob(
          pipeline,
          dataset,
          { now, force: options.force },
          {
            onProgress: (bytes) => setTitle(`${title}: ${megabytes(bytes)}`),
            onNotice: info,
          },
        ),
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
