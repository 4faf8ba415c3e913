import { setTimeout as pause } from 'node:timers/promises';
import { studentVersion } from '#core/identity.ts';
import { advance, type Job, type Observation } from '#core/job.ts';
import { escapeForTerminal } from '#local/escape-for-terminal.ts';
import { StaleJob } from '#ports';
import { CliError, EXIT } from './cli-error.ts';
import type { Pipeline } from './connect.ts';
import { findJob } from './find-job.ts';

/**
 * Applies a user's request to a job, through the same reducer as every stage.
 *
 * @throws CliError usage, if the state of the job does not allow it
 */
export async function changed(
  pipeline: Pipeline,
  wanted: string,
  observation: Observation,
  words: { change: string; hint?: string },
): Promise<Job> {
  const { id } = await findJob(pipeline, wanted);
  const { before, after } = await move(pipeline, id, observation);
  if (after !== before) return after;
  const sentence = `Job "${escapeForTerminal(before.name)}" cannot be ${words.change}: its state is "${before.progress.state}".`;
  throw new CliError(EXIT.usage, [sentence, ...(words.hint ? [words.hint] : [])].join(' '));
}

/** @param done the end of a sentence about the job */
export const changedInWords = ({ id, name }: Job, done: string): string =>
  `"${escapeForTerminal(name)}" (${studentVersion(id)}) ${done}`;

/** Loads, advances and saves the job; again if a stage has saved it in the meantime. */
async function move({ jobs }: Pipeline, id: string, observation: Observation) {
  for (;;) {
    const before = await jobs.load(id);
    if (!before) throw new Error(`job ${id} is no longer in the table`);
    const after: Job = advance(before, observation, new Date());
    try {
      if (after !== before) await jobs.save(after);
      return { before, after };
    } catch (error) {
      if (!(error instanceof StaleJob)) throw error;
      await pause(50);
    }
  }
}
