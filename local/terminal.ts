import type { DynamoDBRecord } from 'aws-lambda';
import pc from 'picocolors';
import type { Announcement } from '#core/announcement.ts';
import { studentVersion } from '#core/identity.ts';
import { parseProgressLine } from '#core/progress-line.ts';
import { escapeForTerminal } from './escape-for-terminal.ts';

const PROGRESS_EVERY_MS = 2_000;

/** Prints a running pipeline: a line for each change of a job, its training progress now and then, and announcements. */
export function terminal(say: (line: string) => void, now: () => number = Date.now) {
  const states = new Map<string, string>(); // by job
  let lastProgress = 0;
  /** @param text safe, or coloured by us */
  const line = (student: string, text: string) =>
    say(
      `${pc.dim(new Date(now()).toTimeString().slice(0, 8))} ${escapeForTerminal(student).padEnd(20)} ${text}`,
    );

  return {
    row({ dynamodb }: DynamoDBRecord): void {
      const job = dynamodb?.NewImage?.job?.M;
      const id = job?.id?.S ?? '';
      const progress = job?.progress?.M;
      const state = progress?.state?.S ?? '';
      const reason = progress?.reason?.S ?? '';
      const shown = `${state} ${reason}`;
      const before = states.get(id);
      const isAnotherTry = state === 'launching' && before?.startsWith('waiting'); // most often it waits again
      if (!job || before === shown || isAnotherTry) return;
      states.set(id, shown);
      line(
        job.name?.S ?? '',
        [state, pc.dim(studentVersion(id)), escapeForTerminal(reason)].join(' ').trim(),
      );
    },

    trainingLine(trainingJobName: string, text: string): void {
      const progress = parseProgressLine(text);
      if (!progress || now() - lastProgress < PROGRESS_EVERY_MS) return;
      lastProgress = now();
      const name = trainingJobName.replace(/^understudy-/, '').replace(/-[0-9a-f]{16}-a\d+$/, '');
      line(name, pc.dim(`${progress.step} ${progress.done} of ${progress.of}`));
    },

    announcement({ student, sentence, kind }: Announcement): void {
      const safe = escapeForTerminal(sentence);
      line(student, kind === 'published' ? pc.green(safe) : pc.yellow(safe));
    },
  };
}
