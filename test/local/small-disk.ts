import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A disk of a few megabytes, for the length of a test: a file system in memory. */
export function smallDisk(megabytes: number) {
  const folder = mount(megabytes);
  onTestFinished(() => unmount(folder));
  const ballast = join(folder, 'ballast');
  return {
    folder,
    /** Fills the disk to the last byte, or but for some. */
    fill(leavingBytes = 0) {
      for (let bytes = megabytes * 1024 ** 2; bytes >= 1; bytes = Math.floor(bytes / 2)) {
        try {
          for (;;) writeFileSync(ballast, Buffer.alloc(bytes), { flag: 'a' });
        } catch {
          // as much as fitted was written
        }
      }
      truncateSync(ballast, Math.max(0, statSync(ballast).size - leavingBytes));
    },
    /** Removes what `fill` wrote. */
    free: () => rmSync(ballast, { force: true }),
  };
}

function mount(megabytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-disk-'));
  try {
    const options = ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder];
    execFileSync('mount', options, { stdio: 'ignore' });
    return folder;
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
}

function unmount(folder: string): void {
  execFileSync('umount', ['-l', folder]);
  rmSync(folder, { recursive: true });
}

/** Whether this process may mount a file system: on Linux, as root. Otherwise the tests on small disks are skipped. */
export const canMount: boolean = (() => {
  try {
    unmount(mount(1));
    return true;
  } catch {
    process.stderr.write('Tests on small disks are skipped: this process may not mount any.\n');
    return false;
  }
})();
