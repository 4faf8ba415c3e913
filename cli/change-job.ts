import { setTimeout as pause } from 'node:timers/promises';
import { studentVersion } from '#core/identity.ts';
import { advance, type Job, type Observation } from '#core/job.ts';
import { escapeForTerminal } from '#local/escape-for-terminal.ts';
import { StaleJob } from '#ports';
import { CliError, EXIT } from './cli-error.ts';
import type { Pipeline } from './connect.ts';
import { findJob } from './find-job.ts';
import { out, outJson } from './output.ts';
import type { Target } from './stack-option.ts';
import { withPipeline } from './with-pipeline.ts';

/**
 * Applies a user's request to a job, through the same reducer as every stage.
 *
 * @throws CliError usage, if the state of the job does not allow it
 */
export function changeJob(
  wanted: string,
  target: Target,
  observation: Observation,
  words: { change: string; done: string; hint?: string; json: boolean | undefined },
): Promise<void> {
  return withPipeline('storage', target, async (pipeline) => {
    const { id } = await findJob(pipeline, wanted);
    const { before, after } = await move(pipeline, id, observation);
    if (after === before) {
      const sentence = `Job "${escapeForTerminal(before.name)}" cannot be ${words.change}: its state is "${before.progress.state}".`;
      throw new CliError(EXIT.usage, [sentence, ...(words.hint ? [words.hint] : [])].join(' '));
    }
    if (words.json) outJson(after);
    else out(`"${escapeForTerminal(after.name)}" (${studentVersion(id)}) ${words.done}`);
  });
}

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
