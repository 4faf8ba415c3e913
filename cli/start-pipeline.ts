import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { killGroup } from '#local/sagemaker/process-identity.ts';
import { EXIT_FOLDER_IN_USE, EXIT_UNWRITABLE } from '#local/state-folder.ts';
import { CliError, EXIT } from './cli-error.ts';
import { isStopping, stopOnSignal } from './interruption.ts';

export interface StartOptions {
  port: number | undefined; // 0: any; undefined: the default, or any if it is taken
  storageOnly?: boolean;
  /** Its own lines are shown in this terminal. */
  isShown?: boolean;
}

export interface StartedPipeline {
  endpoint: string;
  /** Stops it in good order; resolves when it has ended. */
  end(): Promise<void>;
  /** Resolves with its exit code, however it ends. */
  ended: Promise<number>;
}

const PROGRAM = fileURLToPath(new URL('pipeline.mjs', import.meta.url));
const STOP_TIMEOUT_MS = 65_000; // it gives up by itself after a minute

const Ready = z.object({ ready: z.url() });

/**
 * Starts the pipeline as a process that cannot outlive this one: a signal stops it first, and it stops by itself when
 * this process is killed.
 *
 * @returns `undefined` if another process holds the folder
 * @throws CliError if it did not start; it has said why
 */
export async function startPipeline(options: StartOptions): Promise<StartedPipeline | undefined> {
  const { port, storageOnly = false, isShown = false } = options;
  const words = [
    ...(port === undefined ? [] : ['--port', String(port)]),
    ...(storageOnly ? ['--storage-only'] : []),
    ...(isShown ? [] : ['--quiet']),
    `--for=${process.argv.slice(2).join(' ')}`, // which may begin with an option
  ];
  const output = isShown ? 'inherit' : 'ignore';
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    stdio: ['ignore', output, 'inherit', 'ipc'],
    detached: true, // its own process group: Ctrl-C reaches only this command, which then stops it in good order
  });
  const ended = exitOf(child);
  const kill = () => void child.kill('SIGKILL');
  let ending: Promise<void> | undefined;
  const end = () => {
    ending ??= stop(child, ended);
    return ending;
  };
  const forget = stopOnSignal({ stop: end, kill });
  void ended.then(forget);

  const endpoint = await new Promise<string | undefined>((resolve, reject) => {
    child.once('error', reject);
    child.on('message', (message) => resolve(Ready.parse(message).ready));
    void ended.then((code) => {
      if (code === EXIT_FOLDER_IN_USE) resolve(undefined);
      else if (!isStopping())
        reject(new CliError(code === EXIT_UNWRITABLE ? EXIT.disk : EXIT.internal, NOT_STARTED));
    });
  });
  return endpoint === undefined ? undefined : { endpoint, end, ended };
}

const NOT_STARTED = 'The local pipeline did not start; see the messages above.';

/** Resolves when the process has ended, and with it whatever it has started in its group, such as a compiler. */
function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (code) => {
      if (child.pid !== undefined) killGroup(child.pid);
      resolve(code ?? 1);
    });
  });
}

async function stop(child: ChildProcess, ended: Promise<number>): Promise<void> {
  child.kill('SIGTERM');
  const timeout = new AbortController();
  void pause(STOP_TIMEOUT_MS, undefined, { signal: timeout.signal }).then(
    () => child.kill('SIGKILL'),
    () => undefined,
  );
  await ended;
  timeout.abort();
}
