import { readFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { run } from '#engine/tensorflow/run-command.ts';

/** The circumstances of a measurement. */
export interface Circumstances {
  date: string;
  commit?: string; // of the measured code, with a + if it had uncommitted changes; not in the oldest results
  processor: string;
  flags: string; // the CPU features that affect numerics
  memoryBytes: number;
  loadBefore: number; // mean number of running or waiting processes in the minute before
  loadAfter: number;
}

const FEATURES = /^(sse4_2|avx|avx2|fma|f16c|avx512\w*|avx_vnni|amx\w*|asimd|sve\w*|bf16)$/;

/**
 * Runs a measurement and records its circumstances.
 *
 * @param measured the folders of the measured code
 */
export async function under<T>(
  work: () => Promise<T>,
  measured: readonly string[] = MEASURED,
): Promise<[Circumstances, T]> {
  const commit = await currentCommit(measured);
  const [loadBefore = Number.NaN] = loadavg();
  const done = await work();
  const [loadAfter = Number.NaN] = loadavg();
  const info = await readFile('/proc/cpuinfo', 'utf8');
  const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(info)?.[1]?.split(' ') ?? [];
  const [first] = cpus();
  const circumstances = {
    date: new Date().toISOString().slice(0, 10),
    commit,
    processor: `${cpus().length} × ${first?.model ?? 'unknown'}`,
    flags: flags.filter((flag) => FEATURES.test(flag)).join(' '),
    memoryBytes: totalmem(),
    loadBefore,
    loadAfter,
  };
  return [circumstances, done];
}

const MEASURED = ['core', 'engine', 'lambdas', 'teachers', 'training-image'];

/** The last commit that changed the measured code. */
async function currentCommit(measured: readonly string[]): Promise<string> {
  const commit = await run('git', ['log', '-1', '--format=%h', '--', ...measured]);
  if (!commit.ok) return 'unknown';
  const changed = await run('git', ['diff', 'HEAD', '--stat', '--', ...measured]);
  return `${commit.output.trim()}${changed.output.trim() === '' ? '' : '+'}`;
}

export function describeCircumstances(recorded: Circumstances): string {
  const { date, processor, flags, memoryBytes, loadBefore, loadAfter } = recorded;
  const load = `${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after`;
  return `Measured on ${date}, ${processor} (${flags}), ${gigabytes(memoryBytes)}; load average ${load}.`;
}

export const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
