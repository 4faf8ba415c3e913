import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface InRoot {
  environment: Readonly<Record<string, string>>;
  folder: string;
  network: boolean;
  /** folders of this machine, by the place where the root has them */
  mounts?: Readonly<Record<string, string>>;
}

/**
 * Starts a command in another root, as its own process 1, with nothing of this process's environment, as a container
 * engine does it. The mounts are of that process alone: none is left when it ends.
 */
export function startInRoot(root: string, command: readonly string[], how: InRoot): ChildProcess {
  const binds = Object.entries(how.mounts ?? {});
  const mount = [
    'mount -t proc proc "$ROOT/proc"',
    'mount --rbind /dev "$ROOT/dev"',
    ...binds.map(
      ([place, folder]) => `mkdir -p "$ROOT${place}" && mount --bind "${folder}" "$ROOT${place}"`,
    ),
    'exec chroot "$ROOT" /usr/bin/env -i "$@"',
  ].join(' && ');
  const variables = Object.entries(how.environment).map(([name, value]) => `${name}=${value}`);
  return spawn(
    'unshare',
    [
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      ...(how.network ? [] : ['--net']),
      ...['sh', '-c', mount, 'sh', `--chdir=${how.folder}`, ...variables, ...command],
    ],
    { env: { PATH: process.env.PATH, ROOT: root }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
}

export interface Said {
  exit: number | null; // null: a signal ended it
  output: string; // of both, as it came
}

/** Follows a process to its end, and shows what it says. */
export async function follow(child: ChildProcess, show: (text: string) => void): Promise<Said> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk;
      show(chunk.toString());
    });
  }
  const [exit] = (await once(child, 'close')) as [number | null];
  return { exit, output };
}
