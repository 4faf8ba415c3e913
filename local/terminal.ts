import type { DynamoDBRecord } from 'aws-lambda';
import pc from 'picocolors';
import type { Announcement } from '#core/announcement.ts';
import { studentVersion } from '#core/identity.ts';
import { parseProgressLine } from '#core/progress-line.ts';

const PROGRESS_EVERY_MS = 2_000;

/** What a person sees of a running pipeline: a line a change of a job, now and then a step of its training, and the news. */
export function terminal(say: (line: string) => void, now: () => number = Date.now) {
  const states = new Map<string, string>(); // by job
  let lastProgress = 0;
  const line = (who: string, what: string) =>
    say(`${pc.dim(new Date(now()).toTimeString().slice(0, 8))} ${who.padEnd(20)} ${what}`);

  return {
    row({ dynamodb }: DynamoDBRecord): void {
      const job = dynamodb?.NewImage?.job?.M;
      const id = job?.id?.S ?? '';
      const progress = job?.progress?.M;
      const state = progress?.state?.S ?? '';
      const reason = progress?.reason?.S ?? '';
      const told = `${state} ${reason}`;
      if (!job || states.get(id) === told) return;
      states.set(id, told);
      line(job.name?.S ?? '', [state, pc.dim(studentVersion(id)), reason].join(' ').trim());
    },

    trainingLine(trainingJobName: string, text: string): void {
      const progress = parseProgressLine(text);
      if (!progress || now() - lastProgress < PROGRESS_EVERY_MS) return;
      lastProgress = now();
      const name = trainingJobName.replace(/^understudy-/, '').replace(/-[0-9a-f]{16}-a\d+$/, '');
      line(name, pc.dim(`${progress.step} ${progress.done} of ${progress.of}`));
    },

    announcement({ student, sentence, kind }: Announcement): void {
      line(student, kind === 'published' ? pc.green(sentence) : pc.yellow(sentence));
    },
  };
}
