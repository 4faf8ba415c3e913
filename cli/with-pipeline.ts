import { Option } from 'commander';
import { DEFAULT_STACK } from '#infra/settings.ts';
import { CliError, EXIT } from './cli-error.ts';
import { connectTo, connectToStack, type Pipeline } from './connect.ts';
import { explainAwsError } from './explain-aws-error.ts';
import { whenStopped } from './interruption.ts';
import { type Capability, localPipeline } from './local-pipeline.ts';

/** The pipeline that a command works on. */
export interface Target {
  stack?: string; // the name of a deployed stack; the local pipeline by default
}

const STACK_VARIABLE = 'UNDERSTUDY_STACK';

/** The option of every command that works on a pipeline. */
export const stackOption = (): Option =>
  new Option(
    '--stack <name>',
    'use a pipeline deployed on AWS instead of the one on this machine',
  ).env(STACK_VARIABLE);

/** The option of the commands that deploy a pipeline, show it or delete it. */
export const deployedStackOption = (): Option =>
  new Option('--stack <name>', 'name of the stack').env(STACK_VARIABLE).default(DEFAULT_STACK);

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
  if (stack !== undefined) {
    whenStopped(`Stopped. Running jobs continue in the stack "${stack}".`);
    try {
      return await work(await connectToStack(stack));
    } catch (error) {
      throw explainAwsError(error);
    }
  }
  if (capability === 'training') whenStopped(afterStop(undefined));
  for (;;) {
    const running = await localPipeline(capability);
    if (capability === 'training') whenStopped(afterStop(running.owner));
    try {
      return await work({ ...connectTo(running.endpoint), trains: running.trains });
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

/** What becomes of a job that a command has followed. */
export const afterStop = (owner: string | undefined): string =>
  owner === undefined
    ? 'Stopped. Run the same command again to go on.'
    : `Stopped following. The job goes on in the pipeline of another process: ${owner}.`;

/** Whether the connection was refused or cut, as the SDKs and fetch report it. */
function isUnreachable(error: unknown): boolean {
  const codes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    const { code, errors } = each as { code?: string; errors?: unknown[] };
    if (code !== undefined && codes.has(code)) return true;
    if (errors?.some(isUnreachable)) return true;
  }
  return false;
}
