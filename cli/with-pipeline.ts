import { CliError, EXIT } from './cli-error.ts';
import type { Pipeline } from './connect.ts';
import { explainAwsError } from './explain-aws-error.ts';
import { whenStopped } from './interruption.ts';
import { isUnreachable } from './is-unreachable.ts';
import type { JobList, Library } from './library.ts';
import { localJobs, localLibrary } from './local-library.ts';
import { type Capability, localPipeline } from './local-pipeline.ts';
import type { Target } from './stack-option.ts';

/**
 * Runs `work` on a deployed pipeline, or on the local one; if none is running, one is started for it and stopped after.
 * If a pipeline that another process started stops in the meantime, `work` starts again on another: it must be
 * repeatable.
 */
export async function withPipeline<T>(
  capability: Capability,
  { stack }: Target,
  work: (pipeline: Pipeline) => Promise<T>,
): Promise<T> {
  if (stack !== undefined) return onStack(stack, work);
  if (capability === 'training') whenStopped(afterStop(undefined));
  for (;;) {
    const connect = import('./connect.ts'); // with the SDK; it is loaded while the pipeline starts
    const running = await localPipeline(capability);
    if (capability === 'training') whenStopped(afterStop(running.owner));
    try {
      const { connectTo } = await connect;
      return await work(connectTo(running.endpoint));
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      if (running.end !== undefined) {
        const sentence =
          'The local pipeline ended unexpectedly. Run the same command again to go on.';
        throw new CliError(EXIT.internal, sentence, { cause: error });
      }
    } finally {
      await running.end?.();
    }
  }
}

/** Runs `work` on the files of a pipeline. Those of the local one are read where they are: none is started. */
export const withLibrary = <T>(
  { stack }: Target,
  work: (library: Library) => Promise<T>,
): Promise<T> => (stack === undefined ? work(localLibrary()) : onStack(stack, work));

/** The same with its jobs. */
export const withJobs = async <T>(
  { stack }: Target,
  work: (jobs: JobList) => Promise<T>,
): Promise<T> => (stack === undefined ? work(await localJobs()) : onStack(stack, work));

async function onStack<T>(stack: string, work: (pipeline: Pipeline) => Promise<T>): Promise<T> {
  whenStopped(`Stopped. Running jobs continue in the stack "${stack}".`);
  try {
    const { connectToStack } = await import('./connect.ts');
    return await work(await connectToStack(stack));
  } catch (error) {
    throw explainAwsError(error);
  }
}

/** What becomes of a job that a command has followed. */
export const afterStop = (owner: string | undefined): string =>
  owner === undefined
    ? 'Stopped. Run the same command again to go on.'
    : `Stopped following. The job goes on in the pipeline of another process: ${owner}.`;
