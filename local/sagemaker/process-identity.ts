import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';

/** A process that can be told from a later one with its number: when it began, as its system says it. */
export const ProcessIdentity = z.object({
  pid: z.int().positive(),
  began: z.string().min(1),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

/** @returns `undefined` where no process with this number runs */
export function identify(pid: number): ProcessIdentity | undefined {
  const began = process.platform === 'linux' ? beganOnLinux(pid) : beganByPs(pid);
  return began === undefined ? undefined : { pid, began };
}

export const isAlive = ({ pid, began }: ProcessIdentity): boolean => identify(pid)?.began === began;

/** Kills a process group at once, by the number of its leader; one that is gone is as wanted. */
export function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Ends what an earlier life of this program left running, and returns when it is gone. */
export async function killLeftovers(processes: readonly ProcessIdentity[]): Promise<void> {
  const [leader] = processes;
  // The number of a group stays taken as long as one member lives, even after its leader is gone.
  while (leader && processes.some(isAlive)) {
    killGroup(leader.pid);
    await sleep(10);
  }
}

/** proc(5): the 22nd field of `stat`, in clock ticks since the boot, which `boot_id` names. */
function beganOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return undefined; // dead, and not yet asked after by its parent
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
