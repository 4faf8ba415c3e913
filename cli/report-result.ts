import type { Job } from '#core/job.ts';
import { JobEnded } from './cli-error.ts';
import type { Pipeline } from './connect.ts';
import { describeCost } from './describe.ts';
import { describeStudent } from './describe-student.ts';
import { findStudent } from './find-student.ts';
import { requireSuccess } from './follow-job.ts';
import { out, outJson } from './output.ts';
import type { Target } from './stack-option.ts';
import { latestVersion, numberedVersion, withVersion } from './student-versions.ts';
import { summariseStudent } from './summarise-student.ts';

export type ReportOptions = Target & { json?: boolean; verbose?: boolean };

/**
 * Follows a job with `work`; with `--json`, a job that ends without a student is printed too.
 *
 * @throws what `work` throws
 */
export async function followed({ json }: ReportOptions, work: () => Promise<Job>): Promise<Job> {
  try {
    return await work();
  } catch (error) {
    if (json && error instanceof JobEnded) outJson({ job: error.job });
    throw error;
  }
}

/**
 * Prints what became of a job that has ended.
 *
 * @param images files that the student could classify next
 * @throws CliError if it ended without a student
 */
export async function reportResult(
  pipeline: Pick<Pipeline, 'objects' | 'bucket'>,
  job: Job,
  options: ReportOptions,
  images: readonly string[] = [],
): Promise<void> {
  const { objects } = pipeline;
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
}
