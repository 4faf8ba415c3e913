import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';

/** A process, told from a later one with the same pid by its start time as the system reports it. */
export const ProcessIdentity = z.object({
  pid: z.int().positive(),
  began: z.string().min(1),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

/** @returns `undefined` if no process with this pid is running */
export function identify(pid: number): ProcessIdentity | undefined {
  const began = process.platform === 'linux' ? beganOnLinux(pid) : beganByPs(pid);
  return began === undefined ? undefined : { pid, began };
}

export const isAlive = ({ pid, began }: ProcessIdentity): boolean => identify(pid)?.began === began;

/** Kills a process group by the pid of its leader; it is no error if the group is gone. */
export function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Kills the processes that an earlier run of this program left behind, and returns when they are gone. */
export async function killLeftovers(processes: readonly ProcessIdentity[]): Promise<void> {
  const [leader] = processes;
  // The id of a group stays in use while any member lives, even after its leader is gone.
  while (leader && processes.some(isAlive)) {
    killGroup(leader.pid);
    await sleep(10);
  }
}

/** proc(5): field 22 of `stat`, in clock ticks since the boot that `boot_id` identifies. */
function beganOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return undefined; // dead, but its parent has not read its exit code yet
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[18]}`;
  } catch {
    return undefined;
  }
}

function beganByPs(pid: number): string | undefined {
  try {
    const environment = { ...process.env, LC_ALL: 'C' };
    const arguments_ = ['-o', 'lstart=', '-p', String(pid)];
    return (
      execFileSync('ps', arguments_, { env: environment, encoding: 'utf8' }).trim() || undefined
    );
  } catch {
    return undefined;
  }
}
