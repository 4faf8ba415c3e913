import type { Job } from '#core/job.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Pipeline } from './connect.ts';

/**
 * Finds a job by the name of its dataset (the newest one) or by the beginning of its id.
 *
 * @throws CliError not found; usage, if several ids begin so
 */
export async function findJob(
  { allJobs }: Pick<Pipeline, 'allJobs'>,
  wanted: string,
): Promise<Job> {
  const jobs = await allJobs();
  const named = jobs.find(({ name }) => name === wanted);
  if (named) return named;

  const fitting = /^[0-9a-f]{4,64}$/.test(wanted)
    ? jobs.filter(({ id }) => id.startsWith(wanted))
    : [];
  if (fitting.length > 1) {
    throw new CliError(
      EXIT.usage,
      `The ids of ${fitting.length} jobs begin with "${wanted}"; give more of the id.`,
    );
  }
  const [job] = fitting;
  if (job) return job;
  const sentence = `There is no job "${wanted}". "npx understudy status" lists all jobs.`;
  throw new CliError(EXIT.notFound, sentence);
}
