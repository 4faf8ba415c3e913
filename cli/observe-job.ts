import { setTimeout as pause } from 'node:timers/promises';
import { studentVersion } from '#core/identity.ts';
import { advance, type Job, type Observation } from '#core/job.ts';
import { StaleJob } from '#ports';
import type { Pipeline } from './connect.ts';
import { EXIT, Stop } from './exit.ts';
import { findJob } from './find-job.ts';
import { print, printJson } from './output.ts';
import { type Where, withPipeline } from './with-pipeline.ts';

/**
 * Tells a job's row what somebody wants, through the same reducer as every stage.
 *
 * @throws Stop usage, when the job is in no state for it
 */
export function observeJob(
  wanted: string,
  where: Where,
  observation: Observation,
  words: { done: string; refused: string; json: boolean | undefined },
): Promise<void> {
  return withPipeline('storage', where, async (pipeline) => {
    const { id } = await findJob(pipeline, wanted);
    const { before, after } = await move(pipeline, id, observation);
    if (after === before) {
      const sentence = `"${before.name}" (${studentVersion(id)}) is ${before.progress.state}: ${words.refused}`;
      throw new Stop(EXIT.usage, sentence);
    }
    if (words.json) printJson(after);
    else print(`"${after.name}" (${studentVersion(id)}) ${words.done}`);
  });
}

/** Looks and writes anew for as long as a stage is faster. */
async function move({ jobs }: Pipeline, id: string, observation: Observation) {
  for (;;) {
    const before = await jobs.load(id);
    if (!before) throw new Error(`job ${id} has a row no more`);
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
