import type { Progress, State } from './job-progress.ts';

/** The part of a job that its deadlines depend on. */
interface Timed {
  progress: Progress;
  waits: number;
  failures: number;
  history: readonly { at: string }[];
  outbox: readonly unknown[];
  run?: { ended: boolean } | undefined;
}

/** Minutes that a state may last before the sweeper looks; chosen: well above what each step takes. */
const DEADLINE_MINUTES: Partial<Record<State, number>> = {
  received: 16, // a validation may take all of a Lambda's 15 minutes
  validated: 2,
  launching: 2,
  training: 10,
  interrupted: 10,
  trained: 16,
};
const SLOT_MINUTES = 2;
const MAX_WAIT_MINUTES = 60;
const AFTER_FAILURE_MINUTES = 2; // a stage that threw has ended: nothing is gained by waiting for it
const ANNOUNCEMENT_MINUTES = 2;
const OPEN_RUN_MINUTES = 10; // the run of a cancelled job must still be stopped

/** When the sweeper looks at a job; `undefined`: nothing is left to do. */
export function deadlineOf(job: Timed, at: Date): string | undefined {
  const { progress, waits, failures, outbox, run } = job;
  const minutes = [
    progress.state === 'waiting'
      ? waitMinutes(progress.waitingFor, waits)
      : DEADLINE_MINUTES[progress.state],
    failures > 0 ? AFTER_FAILURE_MINUTES : undefined,
    outbox.length > 0 ? ANNOUNCEMENT_MINUTES : undefined,
    run?.ended === false ? OPEN_RUN_MINUTES : undefined,
  ].filter((each) => each !== undefined);
  if (minutes.length === 0) return undefined;
  return new Date(at.getTime() + Math.min(...minutes) * 60_000).toISOString();
}

/** Exponential back-off: from two minutes, doubling, to an hour. To look for a free slot costs nothing. */
const waitMinutes = (waitingFor: string, refusals: number): number =>
  waitingFor === 'concurrency' ? SLOT_MINUTES : Math.min(2 ** refusals, MAX_WAIT_MINUTES);

/** Minutes after which a state calls for attention; chosen: beyond what budget, spot and retries explain. */
const STUCK_MINUTES: Partial<Record<State, number>> = {
  received: 60,
  validated: 60,
  launching: 60,
  training: 30 * 60, // the longest budget is 24 hours, and spot may take 4 more
  interrupted: 30 * 60,
  trained: 60,
};
const STUCK_WAITS = 28; // launches refused in a row: about a day

/** Whether a job makes no progress, so that somebody should look at it. */
export function isStuck(job: Timed, at: Date): boolean {
  const { progress, history, waits } = job;
  if (progress.state === 'waiting') return waits >= STUCK_WAITS;
  const minutes = STUCK_MINUTES[progress.state];
  const since = Date.parse(history.at(-1)?.at ?? at.toISOString());
  return minutes !== undefined && at.getTime() - since > minutes * 60_000;
}
