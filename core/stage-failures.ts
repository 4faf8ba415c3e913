import type { Progress, State } from './job-progress.ts';
import { sanitise } from './problem.ts';

/** A stage that throws so often in a row on the same job ends it: another try would throw too. */
export const MAX_FAILURES = 5;

/** What the pipeline does for a job in each state that has a next step. */
const WORK: Partial<Record<State, string>> = {
  received: 'Validating the dataset',
  validated: 'Launching the training job',
  waiting: 'Launching the training job',
  launching: 'Launching the training job',
  training: 'Watching the training job',
  interrupted: 'Watching the training job',
  trained: 'Publishing the student',
};

/** The end of a job whose stage has thrown MAX_FAILURES times. */
export function failedStage(state: State, reason: string): Progress {
  return {
    state: 'failed',
    code: 'STAGE_FAILED',
    what: `${WORK[state] ?? state} failed ${MAX_FAILURES} times in a row: ${sentence(sanitise(reason))}`,
    remedy:
      'Retry the job when the cause is corrected; the log has the details. If it fails again, please report it.',
  };
}

const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);
