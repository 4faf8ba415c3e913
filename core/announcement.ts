import * as z from 'zod';
import type { Job } from './job.ts';

/** What the world is told of a job, once per final state; the id lets a reader drop a repetition. */
export const Announcement = z.object({
  id: z.string(),
  kind: z.enum(['published', 'failed', 'rejected', 'cancelled']),
  at: z.iso.datetime(),
  jobId: z.string(),
  student: z.string(),
  sentence: z.string(), // what a person reads; never with anything that JSON escapes
});
export type Announcement = z.infer<typeof Announcement>;

/** EventBridge: `source` and `detail-type` of an announcement. */
export const ANNOUNCEMENT_SOURCE = 'understudy';
export const ANNOUNCEMENT_TYPE = 'Understudy Announcement';

/** The announcement that entering the job's present state calls for; most states call for none. */
export function announcementOf(job: Job, at: Date): Announcement | undefined {
  const sentence = sentenceOf(job);
  const kind = Announcement.shape.kind.safeParse(job.progress.state);
  if (!sentence || !kind.success) return undefined;
  return {
    id: `${job.id.slice(0, 16)}-${job.version}`,
    kind: kind.data,
    at: at.toISOString(),
    jobId: job.id,
    student: job.name,
    sentence: plain(sentence),
  };
}

function sentenceOf({ name, progress }: Job): string | undefined {
  switch (progress.state) {
    case 'published': {
      const [low, high] = progress.interval95.map(percent);
      return `Student "${name}" ${progress.version} is ready: ${percent(progress.accuracy)} % of the held-out images right (95 % interval ${low}–${high} %).`;
    }
    case 'failed':
      return `The training of "${name}" failed (${progress.code}): ${progress.what} ${progress.remedy}`;
    case 'rejected': {
      const more = progress.problemCount > 1 ? ` and ${progress.problemCount - 1} more` : '';
      const first = progress.problems[0];
      return `Dataset "${name}" was rejected: ${first ? `${first.where}: ${first.what}` : ''}${more}`;
    }
    case 'cancelled':
      return `The job of "${name}" was cancelled.`;
    default:
      return undefined;
  }
}

/** EventBridge puts the sentence into its target's JSON as it is, unescaped: a single quote of that kind would lose the mail. */
const plain = (sentence: string): string =>
  sentence
    .replaceAll(/"([^"]*)"/g, '“$1”')
    .replaceAll('"', '”')
    .replaceAll('\\', '/')
    .replaceAll(/\p{Cc}+/gu, ' ');

const percent = (fraction: number): string => (100 * fraction).toFixed(1);
