import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { identify, killGroup, type ProcessIdentity } from './process-identity.ts';

/** What runs on this machine where SageMaker would run a container. */
export interface TrainingImage {
  command: string;
  args: readonly string[];
  /** added to what every trainer gets; of this process's own environment only a few harmless names are handed on */
  env?: Readonly<Record<string, string>>;
  cwd?: string;
}

export interface TrainerExit {
  exitCode: number; // 128 + the signal's number where one ended it, as Docker counts
  problem?: string; // why it could not even start
}

export interface Trainer {
  exited: Promise<TrainerExit>;
  /** SIGTERM now, and SIGKILL for the whole group after so many seconds; again changes nothing. */
  terminate(graceSeconds: number): void;
}

const KEEPER = fileURLToPath(new URL('keeper.mjs', import.meta.url));

/** What a container's image would bring along itself; credentials and the like stay outside. */
const HANDED_ON = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL', 'TZ', 'USER'];

const DRAIN_SECONDS = 5; // chosen

const FromKeeper = z.union([
  z.object({ started: z.int().positive() }),
  z.object({ ended: z.union([z.object({ exitCode: z.int() }), z.object({ failed: z.string() })]) }),
]);

/**
 * Starts a trainer that cannot outlive this process.
 *
 * @param onProcesses told the processes, the leader of their group first, before the trainer runs and when it does
 * @param onOutput given stdout and stderr, in one stream
 */
export async function startTrainer(
  image: TrainingImage,
  environment: Readonly<Record<string, string>>,
  onProcesses: (processes: ProcessIdentity[]) => Promise<unknown>,
  onOutput: (output: Readable) => Promise<void>,
): Promise<Trainer> {
  const keeper = spawn(process.execPath, [KEEPER], {
    detached: true, // a group of its own, out of reach of the terminal's Ctrl-C
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: {},
  });
  let last: TrainerExit = { exitCode: 137 }; // what is known of a trainer whose keeper was killed with it
  let killer: NodeJS.Timeout | undefined;
  const isRunning = () => keeper.exitCode === null && keeper.signalCode === null;

  await once(keeper, 'spawn');
  const stdout = keeper.stdout as Readable;
  const output = onOutput(stdout);
  const closed = once(keeper, 'close');
  output.catch(() => undefined); // looked at when the trainer has exited
  const leader = identify(keeper.pid as number);
  keeper.on('exit', () => {
    killGroup(keeper.pid as number); // in case it was killed alone
    // What left the group on purpose may hold the pipe open for ever; what was in it is read by then.
    setTimeout(() => stdout.destroy(), DRAIN_SECONDS * 1000).unref();
  });
  keeper.on('message', (message) => {
    const said = FromKeeper.parse(message);
    if ('started' in said) {
      const trainer = identify(said.started);
      if (leader && trainer) onProcesses([leader, trainer]).catch(() => undefined);
    } else if ('failed' in said.ended) {
      const problem = `${image.command} cannot be started: ${said.ended.failed}`;
      last = { exitCode: 127, problem }; // a shell's code for a command that is not there
    } else last = { exitCode: said.ended.exitCode };
  });

  if (leader) await onProcesses([leader]);
  const inherited = HANDED_ON.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  const env = { ...Object.fromEntries(inherited), ...image.env, ...environment };
  const { command, args, cwd = process.cwd() } = image;
  send({ start: { command, args, cwd, env } });

  function send(message: object) {
    keeper.send(message, () => undefined); // an error means that it is gone, and `close` tells that
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
        () => isRunning() && killGroup(keeper.pid as number),
        graceSeconds * 1000,
      );
    },
  };
}
