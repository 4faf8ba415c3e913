import * as z from 'zod';
import { shortJobId } from './identity.ts';
import type { Progress } from './job-progress.ts';
import { sanitise } from './problem.ts';
import { comparisonInWords } from './version-comparison.ts';

/** The public notice of a final state, sent at least once; a reader drops repetitions by their `id`. */
export const Announcement = z.object({
  id: z.string(),
  kind: z.enum(['published', 'failed', 'rejected', 'cancelled']),
  at: z.iso.datetime(),
  jobId: z.string(),
  student: z.string(),
  sentence: z.string(), // for people; free of characters that JSON escapes
});
export type Announcement = z.infer<typeof Announcement>;

/** EventBridge's `source` and `detail-type` of an announcement. */
export const ANNOUNCEMENT_SOURCE = 'understudy';
export const ANNOUNCEMENT_TYPE = 'Understudy Announcement';

/** The part of a job that its announcement is made from. */
interface Announced {
  id: string;
  version: number;
  name: string;
  progress: Progress;
}

/** The announcement of the state a job has just entered; `undefined` for states that are not final. */
export function announcementOf(job: Announced, at: Date): Announcement | undefined {
  const sentence = sentenceOf(job);
  const kind = Announcement.shape.kind.safeParse(job.progress.state);
  if (!sentence || !kind.success) return undefined;
  return {
    id: `${shortJobId(job.id)}-${job.version}`,
    kind: kind.data,
    at: at.toISOString(),
    jobId: job.id,
    student: job.name,
    sentence: unescaped(sentence),
  };
}

function sentenceOf({ name: given, progress }: Announced): string | undefined {
  const name = sanitise(given); // a rejected dataset may have any name
  switch (progress.state) {
    case 'published': {
      const { version, number, accuracy, comparison } = progress;
      const [low, high] = progress.interval95.map(percent);
      const which = number === undefined ? `Student "${name}" ${version}` : `${name} v${number}`;
      const compared =
        number === undefined || !comparison ? '' : ` ${comparisonInWords(number, comparison)}`;
      return `${which} is ready: ${percent(accuracy)}% accuracy on held-out images (95% interval ${low}–${high}%).${compared}`;
    }
    case 'failed':
      return `Training "${name}" failed (${progress.code}): ${progress.what} ${progress.remedy}`;
    case 'rejected': {
      const more = progress.problemCount > 1 ? ` (and ${progress.problemCount - 1} more)` : '';
      const first = progress.problems[0];
      return `Dataset "${name}" was rejected: ${first ? `${first.where}: ${first.what}` : ''}${more}`;
    }
    case 'cancelled':
      return `The job of "${name}" was cancelled.`;
    default:
      return undefined;
  }
}

/** EventBridge inserts the sentence into its target's JSON without escaping it: a straight quote would break the mail. */
const unescaped = (sentence: string): string =>
  sentence
    .replaceAll(/"([^"]*)"/g, '“$1”')
    .replaceAll('"', '”')
    .replaceAll('\\', '/')
    .replaceAll(/\p{Cc}+/gu, ' ');

const percent = (fraction: number): string => (100 * fraction).toFixed(1);
