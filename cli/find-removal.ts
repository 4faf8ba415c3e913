import { studentVersion } from '#core/identity.ts';
import type { Job } from '#core/job.ts';
import { FINAL } from '#core/job-progress.ts';
import { jobKeys, studentKeys } from '#core/keys.ts';
import { type NumberedVersion, versionNamed } from '#core/versions.ts';
import { escapeForTerminal } from '#local/escape-for-terminal.ts';
import type { Objects } from '#ports';
import { CliError, EXIT } from './cli-error.ts';
import type { Pipeline } from './connect.ts';
import { findJob } from './find-job.ts';
import { findUpload, type JobUpload } from './find-upload.ts';
import { versionsIn } from './settle-latest.ts';
import { numberedVersions, presentVersionsInWords } from './student-versions.ts';

/** What `understudy rm` is about to remove. */
export interface Removal {
  name: string; // of the dataset and its student
  versions: string[]; // of the student
  numbers: NumberedVersion[]; // of all its versions
  jobs: Job[];
  uploads: JobUpload[];
  bytes: number; // in all
  isPaused: boolean; // nothing works on the jobs now
}

type Found = Pick<Pipeline, 'objects' | 'allJobs'>;

/**
 * Finds what belongs to a student (all versions), to one version of it, or to a job.
 *
 * @param isPaused nothing runs now, and nothing can start: jobs that have not ended may be removed too
 * @throws CliError not found; usage, if it is ambiguous, or if one of its jobs has not ended
 */
export async function findRemoval(
  pipeline: Found,
  wanted: string,
  isPaused = false,
): Promise<Removal> {
  const { objects } = pipeline;
  const { name, versions, jobs } = await find(pipeline, wanted);
  const numbers = await numberedVersions(objects, name);
  if (!isPaused) for (const job of jobs) requireEnded(job);
  const uploads: JobUpload[] = [];
  for (const job of jobs) {
    const upload = await findUpload(objects, job);
    if (upload && !uploads.some(({ place }) => place === upload.place)) uploads.push(upload);
  }
  const prefixes = [
    ...versions.map((version) => studentKeys(name, version).prefix),
    ...jobs.map(({ id }) => jobKeys(id).prefix),
  ];
  let bytes = uploads.reduce((sum, upload) => sum + upload.bytes, 0);
  for (const prefix of prefixes) {
    for await (const { size } of objects.list(prefix)) bytes += size;
  }
  return { name, versions, numbers, jobs, uploads, bytes, isPaused };
}

async function find(
  { objects, allJobs }: Found,
  wanted: string,
): Promise<Pick<Removal, 'name' | 'versions' | 'jobs'>> {
  const all = await allJobs();
  const slash = wanted.lastIndexOf('/');
  const name = slash < 0 ? wanted : wanted.slice(0, slash);
  const named = all.filter((job) => job.name === name);
  const versions = await versionsOf(objects, name, named);
  if (slash >= 0) {
    const version = versionNamed(await numberedVersions(objects, name), wanted.slice(slash + 1));
    if (!versions.includes(version)) throw await noVersion(objects, wanted, name);
    const jobs = named.filter(({ id }) => studentVersion(id) === version);
    return { name, versions: [version], jobs };
  }
  if (named.length > 0 || versions.length > 0) return { name, versions, jobs: named };

  const job = await findJob({ allJobs: () => Promise.resolve(all) }, wanted).catch(
    (error: unknown) => {
      const isUnknown = error instanceof CliError && error.exit === EXIT.notFound;
      throw isUnknown ? notFound(wanted) : error;
    },
  );
  const own = studentVersion(job.id);
  const isThere = (await versionsIn(objects, job.name)).includes(own);
  return { name: job.name, versions: isThere ? [own] : [], jobs: [job] };
}

/** Those with files, and those of published jobs whose files an earlier removal has deleted already. */
async function versionsOf(objects: Objects, name: string, jobs: readonly Job[]): Promise<string[]> {
  if (name === '') return [];
  const published = jobs.filter(({ progress }) => progress.state === 'published');
  const versions = [
    ...(await versionsIn(objects, name)),
    ...published.map(({ id }) => studentVersion(id)),
  ];
  return [...new Set(versions)];
}

function notFound(wanted: string, known = ''): CliError {
  const sentence = `There is no student or job "${wanted}".${known} "npx understudy list" lists the students, "npx understudy status" the jobs.`;
  return new CliError(EXIT.notFound, escapeForTerminal(sentence));
}

async function noVersion(objects: Objects, wanted: string, name: string): Promise<CliError> {
  const present = name === '' ? '' : await presentVersionsInWords(objects, name);
  return notFound(wanted, present && ` "${name}" has ${present}.`);
}

/** @throws CliError usage */
function requireEnded({ id, name, progress, run }: Job): void {
  const title = `The job of "${escapeForTerminal(name)}" (${studentVersion(id)})`;
  if (!FINAL.has(progress.state)) {
    const sentence = `${title} has not ended: its state is "${progress.state}". Cancel it first: npx understudy cancel ${studentVersion(id)}`;
    throw new CliError(EXIT.usage, sentence);
  }
  if (run?.ended === false) {
    const sentence = `${title} is ${progress.state}, but its training has not been stopped yet. A running pipeline (npx understudy up) does that within a minute or two; then try again.`;
    throw new CliError(EXIT.usage, sentence);
  }
}
