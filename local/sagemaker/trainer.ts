import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { identify, killGroup, type ProcessIdentity } from './process-identity.ts';

/** The program that runs on this machine where SageMaker would run a container. */
export interface TrainingImage {
  command: string;
  args: readonly string[];
  /** added to the environment of every trainer, which inherits only a few harmless variables of this process */
  env?: Readonly<Record<string, string>>;
  cwd?: string;
}

export interface TrainerExit {
  exitCode: number; // 128 + the number of the signal that ended it, as in Docker
  problem?: string; // why it could not be started
}

export interface Trainer {
  exited: Promise<TrainerExit>;
  /** Sends SIGTERM now, and SIGKILL to the whole group after the grace time. Further calls have no effect. */
  terminate(graceSeconds: number): void;
}

const SUPERVISOR = fileURLToPath(new URL('supervisor.mjs', import.meta.url));

/** The variables that an image would set by itself; credentials and the like are not inherited. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL', 'TZ', 'USER'];

const DRAIN_SECONDS = 5; // chosen

const FromSupervisor = z.union([
  z.object({ started: z.int().positive() }),
  z.object({ ended: z.union([z.object({ exitCode: z.int() }), z.object({ failed: z.string() })]) }),
]);

/**
 * Starts a trainer that cannot outlive this process.
 *
 * @param onProcesses called with the processes, the leader of their group first, before the trainer runs and when it does
 * @param onOutput called with stdout and stderr, in one stream
 */
export async function startTrainer(
  image: TrainingImage,
  environment: Readonly<Record<string, string>>,
  onProcesses: (processes: ProcessIdentity[]) => Promise<unknown>,
  onOutput: (output: Readable) => Promise<void>,
): Promise<Trainer> {
  const supervisor = spawn(process.execPath, [SUPERVISOR], {
    detached: true, // its own process group, so that Ctrl-C in the terminal does not reach it
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: {},
  });
  let last: TrainerExit = { exitCode: 137 }; // of a trainer that was killed together with its supervisor
  let killer: NodeJS.Timeout | undefined;
  const isRunning = () => supervisor.exitCode === null && supervisor.signalCode === null;

  await once(supervisor, 'spawn');
  const stdout = supervisor.stdout as Readable;
  const output = onOutput(stdout);
  const closed = once(supervisor, 'close');
  output.catch(() => undefined); // awaited when the trainer has exited
  const leader = identify(supervisor.pid as number);
  supervisor.on('exit', () => {
    killGroup(supervisor.pid as number); // in case it was killed alone
    // A process that left the group on purpose may hold the pipe open for ever; its content has been read by then.
    setTimeout(() => stdout.destroy(), DRAIN_SECONDS * 1000).unref();
  });
  supervisor.on('message', (message) => {
    const said = FromSupervisor.parse(message);
    if ('started' in said) {
      const trainer = identify(said.started);
      if (leader && trainer) onProcesses([leader, trainer]).catch(() => undefined);
    } else if ('failed' in said.ended) {
      const problem = `${image.command} cannot be started: ${said.ended.failed}`;
      last = { exitCode: 127, problem }; // a shell's exit code for a command that is not found
    } else last = { exitCode: said.ended.exitCode };
  });

  try {
    if (leader) await onProcesses([leader]);
  } catch (error) {
    killGroup(supervisor.pid as number);
    throw error;
  }
  const inherited = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  const env = { ...Object.fromEntries(inherited), ...image.env, ...environment };
  const { command, args, cwd = process.cwd() } = image;
  send({ start: { command, args, cwd, env } });

  function send(message: object) {
    supervisor.send(message, () => undefined); // an error means that it has exited, which `close` reports
  }

  return {
    exited: closed.then(async () => {
      clearTimeout(killer);
      await output;
      return last;
    }),
    terminate(graceSeconds) {
      if (killer || !isRunning()) return;
      send({ terminate: true });
      killer = setTimeout(
        () => isRunning() && killGroup(supervisor.pid as number),
        graceSeconds * 1000,
      );
    },
  };
}
