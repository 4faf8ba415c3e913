import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Disk, freeBytes, NoRoom, RESERVED_BYTES, whyUnwritable } from './disk-space.ts';

export interface DiskWatchOptions {
  folder: string;
  report: (sentence: string) => void;
  /** chosen: what failed is tried again within ten seconds, by a queue or by the sweeper */
  quietMs?: number;
  everyMs?: number;
}

/** Tells the user when the state folder can no longer be written, once, and when it can be written again. */
export interface DiskWatch extends Disk {
  /** From now on the user is told; before, a failed write ends the program with the same sentence. */
  start(): void;
  /** Whether a write has failed, and no room has been found since. */
  isFull(): boolean;
  stop(): void;
}

export function diskWatch(options: DiskWatchOptions): DiskWatch {
  const { folder, report, quietMs = 15_000, everyMs = 2_000 } = options;
  let failedAt = 0;
  let neededBytes = 0; // the most that was refused since the user was told
  let timer: NodeJS.Timeout | undefined;
  let isStarted = false;

  function look() {
    if (Date.now() - failedAt < quietMs || !isWritable(folder, neededBytes)) return;
    stop();
    neededBytes = 0;
    const free = Math.floor((freeBytes(folder) ?? 0) / 1e6).toLocaleString('en-US');
    report(`${folder} can be written again (${free} MB free): the pipeline goes on.`);
  }

  function stop() {
    clearInterval(timer);
    timer = undefined;
  }

  return {
    failed(error) {
      const why = whyUnwritable(error, folder);
      if (why === undefined || !isStarted) return why;
      failedAt = Date.now();
      if (error instanceof NoRoom) neededBytes = Math.max(neededBytes, error.neededBytes);
      if (timer) return why;
      timer = setInterval(look, everyMs);
      timer.unref();
      report(`${why} Jobs go on by themselves as soon as they can.`);
      return why;
    },
    start() {
      isStarted = true;
    },
    isFull: () => timer !== undefined,
    stop() {
      isStarted = false;
      stop();
    },
  };
}

const PROBE_BYTES = 64 * 1024;

function isWritable(folder: string, neededBytes: number): boolean {
  const free = freeBytes(folder);
  if (free !== undefined && free < Math.max(neededBytes, RESERVED_BYTES + PROBE_BYTES))
    return false;
  const probe = join(folder, `.probe-${process.pid}`);
  try {
    writeFileSync(probe, Buffer.alloc(PROBE_BYTES));
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probe, { force: true });
  }
}
