import { setTimeout as pause } from 'node:timers/promises';
import { Listr, ListrLogger, ProcessOutput } from 'listr2';
import { studentVersion } from '#core/identity.ts';
import type { Job } from '#core/job.ts';
import { FINAL, type State } from '#core/job-progress.ts';
import { count } from '#core/quantities.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Pipeline } from './connect.ts';
import { wordsOfEstimate } from './describe.ts';
import { stopOnSignal } from './interruption.ts';
import { type News, progressInWords, trainingLog } from './training-log.ts';

/**
 * Shows each step of a job on stderr until the job ends.
 *
 * @param before the step before there is a job; it resolves to the job's id
 * @returns the published job
 * @throws CliError rejected (with every problem), failed
 */
export async function followJob(
  pipeline: Pipeline,
  before: { title: string; work: (setTitle: (title: string) => void) => Promise<string> },
): Promise<Job> {
  let job: Job | undefined;
  let id = '';
  /** Waits until the job is in none of these states. */
  const leave = async (states: readonly State[], look?: (job: Job) => Promise<void> | void) => {
    for (;;) {
      job = await pipeline.jobs.load(id);
      if (job && !states.includes(job.progress.state)) return job;
      if (job) await look?.(job);
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
        await Promise.race([work(until(stopped.isStopped, task)), stopped.promise]);
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
      }),
      step('Launch training', async (show) => {
        const launched = await leave(['validated', 'launching', 'waiting'], ({ progress }) => {
          if (progress.state === 'waiting') show.output = `waiting: ${progress.reason}`;
        });
        const { run } = requireSuccess(launched);
        if (run?.estimate) show.title = `Launch training: ${wordsOfEstimate(run.estimate)}`;
      }),
      step('Train', async (show) => {
        const output = trainingOutput(show, isTerminal);
        let hasBegun = false;
        const training = await leave(['training', 'interrupted'], async (at) => {
          hasBegun = true;
          output.add(await readLog(at));
        });
        if (hasBegun) output.add(await readLog(training)); // what was written since the last look
        output.end();
        requireSuccess(training);
      }),
      step('Publish the student', async () => requireSuccess(await leave(['trained']))),
    ],
    {
      renderer: isTerminal ? 'default' : 'simple',
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

/** A promise that rejects on demand, and not before. */
function stopper() {
  let isStopped = false;
  let reject: (reason: Error) => void = () => undefined;
  const promise = new Promise<never>((_, rejected) => {
    reject = rejected;
  });
  promise.catch(() => undefined); // each step races it, but none may be running
  return {
    promise,
    isStopped: () => isStopped,
    stop() {
      isStopped = true;
      reject(new Error('stopped'));
    },
  };
}

/** The parts of its line that a step can change. */
interface Show {
  title: string;
  output: string;
}

/** The same, without effect once the list has ended: a change would draw it again. */
const until = (isOver: () => boolean, show: Show): Show => ({
  get title() {
    return show.title;
  },
  set title(title) {
    if (!isOver()) show.title = title;
  },
  get output() {
    return show.output;
  },
  set output(output) {
    if (!isOver()) show.output = output;
  },
});

const ON_STDERR = new ListrLogger({
  processOutput: new ProcessOutput(process.stderr, process.stderr),
});

const QUIET_MS = 10_000; // between two lines of the same step in a log file

/**
 * Shows the kept lines of a training's log, and below them its progress. A terminal shows every change in place; in a
 * file each change would be a line.
 */
function trainingOutput(show: Show, isTerminal: boolean) {
  const kept: string[] = [];
  let progress = '';
  let last = { step: '', at: 0 };
  const draw = () => {
    show.output = [...kept, progress].filter((line) => line !== '').join('\n');
  };
  return {
    add({ lines, progress: latest }: News): void {
      if (isTerminal) {
        kept.push(...lines);
        progress = latest ? progressInWords(latest) : progress;
        if (lines.length > 0 || latest) draw();
        return;
      }
      for (const line of lines) show.output = line;
      const now = Date.now();
      if (!latest || (latest.step === last.step && now - last.at < QUIET_MS)) return;
      last = { step: latest.step, at: now };
      const text = progressInWords(latest);
      if (text !== progress) show.output = text;
      progress = text;
    },

    /** Leaves only the kept lines. */
    end(): void {
      progress = '';
      if (isTerminal) draw();
    },
  };
}

/** @throws CliError if the job ended without a student */
export function requireSuccess(job: Job): Job {
  const { progress, name } = job;
  if (!FINAL.has(progress.state) || progress.state === 'published') return job;
  if (progress.state === 'rejected') {
    const lines = progress.problems.map(
      ({ where, what, remedy }) => `  ${where}: ${what} ${remedy}`,
    );
    const more = progress.problemCount - progress.problems.length;
    const rest =
      more > 0
        ? [
            `  … and ${count(more)} more; jobs/${job.id}/report.json in the bucket lists all of them.`,
          ]
        : [];
    throw new CliError(
      EXIT.rejected,
      [`The dataset "${name}" was rejected:`, ...lines, ...rest].join('\n'),
    );
  }
  if (progress.state === 'failed') {
    const { code, what, remedy } = progress;
    throw new CliError(EXIT.failed, `Training "${name}" failed (${code}): ${what} ${remedy}`);
  }
  throw new CliError(
    EXIT.failed,
    `The job of "${name}" was cancelled. "npx understudy retry ${studentVersion(job.id)}" starts it again.`,
  );
}
