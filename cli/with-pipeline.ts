import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Option } from 'commander';
import * as z from 'zod';
import { DEFAULT_STACK } from '#infra/settings.ts';
import { EXIT_FOLDER_IN_USE, readEndpoint, stateFolder } from '#local/state-folder.ts';
import { CliError, EXIT } from './cli-error.ts';
import { connectTo, connectToStack, type Pipeline } from './connect.ts';
import { explainAwsError } from './explain-aws-error.ts';
import { info } from './output.ts';

/** `storage` gives access to the bucket and the job table; `training` also runs jobs. */
export type Capability = 'storage' | 'training';

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

const WAIT_TIMEOUT_MS = 60_000; // for another command's pipeline to end
const POLL_MS = 200;

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
    try {
      return await work(await connectToStack(stack));
    } catch (error) {
      throw explainAwsError(error);
    }
  }
  for (;;) {
    const { endpoint, end } = await pipelineThatCan(capability);
    try {
      return await work(connectTo(endpoint));
    } catch (error) {
      const isOurs = end !== undefined;
      if (isOurs || !isUnreachable(error)) throw error;
    } finally {
      await end?.();
    }
  }
}

/** The running pipeline, or a new one. Two processes cannot share a folder, so the second one waits. */
async function pipelineThatCan(
  capability: Capability,
): Promise<{ endpoint: string; end?: () => Promise<void> }> {
  const deadline = Date.now() + WAIT_TIMEOUT_MS;
  let isWaiting = false;
  for (;;) {
    const running = await runningPipeline();
    if (running && (capability === 'storage' || running.trains))
      return { endpoint: running.endpoint };
    if (!running) {
      const started = await startPipeline(capability);
      if (started) return started;
    }
    if (!isWaiting) info(`Waiting for another understudy process${holder()} to stop.`);
    isWaiting = true;
    if (Date.now() > deadline) {
      const sentence = `Another understudy process${holder()} is still using ${stateFolder()}; stop it and try again.`;
      throw new CliError(EXIT.internal, sentence);
    }
    await pause(POLL_MS);
  }
}

/** Names the process that holds the state folder, if it has said so. */
function holder(): string {
  const file = readEndpoint(stateFolder());
  return file ? ` (pid ${file.pid})` : '';
}

const Health = z.object({ trains: z.boolean() });

async function runningPipeline(): Promise<{ endpoint: string; trains: boolean } | undefined> {
  const file = readEndpoint(stateFolder());
  if (!file) return undefined;
  try {
    const answer = await fetch(new URL('/health', file.endpoint), {
      signal: AbortSignal.timeout(2_000),
    });
    return { endpoint: file.endpoint, ...Health.parse(await answer.json()) };
  } catch {
    return undefined; // nothing listens on that port, or another program
  }
}

const Ready = z.object({ ready: z.url() });
const RUN = fileURLToPath(new URL('../local/main.ts', import.meta.url));

/** @returns `undefined` if another process took the folder first */
async function startPipeline(capability: Capability) {
  const options = [
    '--port',
    '0',
    '--quiet',
    ...(capability === 'storage' ? ['--storage-only'] : []),
  ];
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), RUN, ...options], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // Its own process group: Ctrl-C reaches only this command, which then stops the pipeline in good order.
    detached: true,
  });
  const endpoint = await new Promise<string | undefined>((resolve, reject) => {
    child.once('error', reject);
    child.once('message', (message) => resolve(Ready.parse(message).ready));
    child.once('exit', (code) => {
      if (code === EXIT_FOLDER_IN_USE) resolve(undefined);
      else
        reject(
          new CliError(EXIT.internal, 'The local pipeline did not start; see the messages above.'),
        );
    });
  });
  return endpoint === undefined ? undefined : { endpoint, end: () => stopped(child) };
}

function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

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
