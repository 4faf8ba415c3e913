import { setTimeout as pause } from 'node:timers/promises';
import { Listr, ListrLogger, ProcessOutput } from 'listr2';
import { studentVersion } from '#core/identity.ts';
import type { Job } from '#core/job.ts';
import { FINAL, type State } from '#core/job-progress.ts';
import { count } from '#core/quantities.ts';
import { isInsufficientStorage } from '#lambdas/insufficient-storage.ts';
import { escapeForTerminal } from '#local/escape-for-terminal.ts';
import { CliError, EXIT, JobEnded } from './cli-error.ts';
import type { Pipeline } from './connect.ts';
import { stepInWords, wordsOfEstimate } from './describe.ts';
import { describeDataset } from './describe-dataset.ts';
import { describeProblems } from './describe-problems.ts';
import { stopOnSignal } from './interruption.ts';
import { isQuiet } from './output.ts';
import { stopper } from './stopper.ts';
import { trainingLog } from './training-log.ts';
import { type Show, trainingOutput } from './training-output.ts';

/**
 * Shows each step of a job on stderr until the job ends.
 *
 * @param before the step before there is a job; it resolves to the job's id
 * @returns the published job
 * @throws JobEnded rejected (with every problem), failed or cancelled
 */
export async function followJob(
  pipeline: Pipeline,
  before: { title: string; work: (setTitle: (title: string) => void) => Promise<string> },
): Promise<Job> {
  let job: Job | undefined;
  let id = '';
  /** Waits until the job is in none of these states. */
  const leave = async (states: readonly State[], look?: (job: Job) => Promise<void> | void) => {
    const began = Date.now();
    for (;;) {
      job = await pipeline.jobs.load(id).catch((error: unknown) => {
        if (!job || !isInsufficientStorage(error)) throw error;
        return job; // the pipeline says that the disk is full, and goes on when there is room
      });
      if (job && !states.includes(job.progress.state)) return job;
      if (job) await look?.(job);
      else if (Date.now() - began > MAX_MISSING_MS) throw new CliError(EXIT.failed, MISSING);
      await pause(pipeline.pollMs);
    }
  };

  let ended: unknown;
  const stopped = stopper();
  /** A step only shows that it failed; the caller prints the reason once, at the end. */
  const step = (title: string, work: (show: Show) => Promise<unknown>) => ({
    title,
    rendererOptions: { persistentOutput: true },
    task: async (_: unknown, task: Show) => {
      try {
        await Promise.race([work(stopped.until(task)), stopped.promise]);
      } catch (error) {
        ended = error;
        const outcome = job && FINAL.has(job.progress.state) ? job.progress.state : 'failed';
        throw new Error(`${task.title}: ${stopped.isStopped() ? 'stopped' : outcome}`);
      }
    },
  });

  const isTerminal = process.stderr.isTTY === true;
  const readLog = trainingLog(pipeline);
  const steps = new Listr(
    [
      step(before.title, async (show) => {
        id = await before.work((title) => {
          show.title = title;
        });
      }),
      step('Validate', async (show) => {
        const { summary } = requireSuccess(await leave(['received']));
        const classes = summary?.classes ?? 0;
        const images = summary?.examples ?? 0;
        show.title = `Validate: ${count(classes)} classes, ${count(images)} images`;
        const told = summary ? describeDataset(summary) : [];
        if (told.length > 0) show.output = told.map(escapeForTerminal).join('\n');
      }),
      step('Launch training', async (show) => {
        const sayWaiting = waitingNotice(show, isTerminal);
        const launched = await leave(BEFORE_TRAINING, sayWaiting);
        const { run } = requireSuccess(launched);
        if (run?.estimate) show.title = `Launch training: ${wordsOfEstimate(run.estimate)}`;
      }),
      step('Train', async (show) => {
        const output = trainingOutput(
          show,
          isTerminal ? process.stderr.columns || DEFAULT_COLUMNS : undefined,
        );
        const sayWaiting = waitingNotice(show, isTerminal);
        let hasBegun = false;
        // It may wait in between: for an instance, or after its trainer was killed.
        const training = await leave(
          [...BEFORE_TRAINING, 'training', 'interrupted'],
          async (at) => {
            sayWaiting(at);
            if (BEFORE_TRAINING.includes(at.progress.state)) return;
            hasBegun = true;
            output.add(await readLog(at));
          },
        );
        if (hasBegun) output.add(await readLog(training)); // what was written since the last look
        output.end();
        requireSuccess(training);
      }),
      step('Publish the student', async () => requireSuccess(await leave(['trained']))),
    ],
    {
      renderer: isQuiet() ? 'silent' : isTerminal ? 'default' : 'simple',
      rendererOptions: { logger: ON_STDERR },
      registerSignalListeners: false, // they would exit with a code of their own
    },
  );
  const shown = steps.run();
  const forget = stopOnSignal({
    // The list ends as one does that failed: it restores the terminal, and what follows is not swallowed.
    stop: () => {
      stopped.stop();
      return shown.then(() => undefined);
    },
    kill: stopped.stop,
  });
  await shown
    .catch((error: unknown) => {
      throw ended ?? error;
    })
    .finally(forget);
  if (!job) throw new Error('the job ended before it was seen');
  return job;
}

const MAX_MISSING_MS = 10 * 60_000; // chosen: an event on AWS may take minutes
const MISSING =
  'The upload has started no job: it was removed or replaced by another one. "npx understudy status" shows all jobs.';

const BEFORE_TRAINING: readonly State[] = ['validated', 'launching', 'waiting'];

const REPEAT_MS = 60_000; // in a log file

/** Says why a job waits: a terminal always shows it, in a log file it is a line when it is new and then once a minute. */
function waitingNotice(show: Show, isTerminal: boolean) {
  let last = { reason: '', at: 0 };
  return (job: Job): void => {
    const sentence = whyStill(job);
    if (sentence === undefined) return;
    const reason = sentence.replaceAll(/\d/g, ''); // how much is free changes all the time
    const isSaid = reason === last.reason && Date.now() - last.at < REPEAT_MS;
    if (isSaid && !isTerminal) return;
    last = { reason, at: Date.now() };
    show.output = escapeForTerminal(sentence);
  };
}

/** Why nothing seems to happen: the job waits, or its training job has no instance yet. */
function whyStill({ progress, updatedAt }: Job): string | undefined {
  if (progress.state === 'waiting') return `waiting: ${progress.reason}`;
  if (progress.state !== 'training' || progress.step === undefined) return undefined;
  const isBrief = Date.now() - Date.parse(updatedAt) < BRIEF_MS;
  return isBrief ? undefined : stepInWords(progress);
}

const BRIEF_MS = 15_000; // chosen: on one machine, each step before the training is over sooner

const DEFAULT_COLUMNS = 80; // of a terminal that does not say

const ON_STDERR = new ListrLogger({
  processOutput: new ProcessOutput(process.stderr, process.stderr),
});

/** @throws JobEnded without a student */
export function requireSuccess(job: Job): Job {
  const { progress } = job;
  const name = escapeForTerminal(job.name); // that of a rejected dataset may be anything
  if (!FINAL.has(progress.state) || progress.state === 'published') return job;
  if (progress.state === 'rejected') {
    const { problems, counts, problemCount } = progress;
    const lines = describeProblems(problems, counts).map((line) => `  ${line}`);
    const rest =
      problemCount > problems.length
        ? [
            `  ${count(problemCount)} problems in all; jobs/${job.id}/report.json in the bucket lists more of them.`,
          ]
        : [];
    throw new JobEnded(
      EXIT.rejected,
      job,
      [`The dataset "${name}" was rejected:`, ...lines, ...rest].join('\n'),
    );
  }
  if (progress.state === 'failed') {
    const { code, what, remedy } = progress;
    throw new JobEnded(EXIT.failed, job, `Training "${name}" failed (${code}): ${what} ${remedy}`);
  }
  throw new JobEnded(
    EXIT.failed,
    job,
    `The job of "${name}" was cancelled. "npx understudy retry ${studentVersion(job.id)}" starts it again.`,
  );
}
