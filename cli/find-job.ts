import type { Job } from '#core/job.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Pipeline } from './connect.ts';

/**
 * The job that somebody means: by the beginning of its id, or by its dataset's name (then the newest one of it).
 *
 * @throws CliError not found, or usage when the beginning fits several
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
    throw new CliError(EXIT.usage, `"${wanted}" fits ${fitting.length} jobs; give more of the id.`);
  }
  const [job] = fitting;
  if (job) return job;
  const sentence = `There is no job "${wanted}"; npx understudy status lists them.`;
  throw new CliError(EXIT.notFound, sentence);
}
