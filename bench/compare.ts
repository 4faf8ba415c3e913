import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError } from './bench-error.ts';
import type { Bar, Comparison, Entry } from './comparisons.ts';
import { median } from './median.ts';
import type { Places } from './set-up.ts';
import { type Contender, startContender } from './start-contender.ts';
import type { Measurement, Task } from './task.ts';

/** What is at hand once everything is prepared. */
export interface Bench {
  places: Places;
  folder: string; // for files on the way
  teacher: string; // the folder of the teacher that everybody runs
  rounds: number;
  without: ReadonlySet<string>; // contenders that are left out
  say(line: string): void;
}

export interface Row {
  label: string;
  speeds: number[]; // of each round the median, in images or steps per CPU-second
  range: [number, number]; // over all repetitions of all rounds
  parallel: number; // CPU-seconds per second: 1 on one thread of a free machine, less on a busy one
  peakBytes: number;
}

export interface Judged {
  what: string;
  least: number;
  ratio: number; // the median over the rounds, in each of which the two ran one after the other
  range: [number, number];
}

export interface Compared {
  title: string;
  unit: Comparison['unit'];
  rows: Row[];
  bars: Judged[];
  versions: Record<string, string>;
}

const MAX_DIFFERENCE = 1e-3;
const CHECKED_IMAGES = 16;

export const imagesFile = ({ folder }: Bench, px: number) => join(folder, `images-${px}.u8`);

function taskOf(bench: Bench, entry: Entry['task']): Task {
  return {
    ...entry,
    teacher: bench.teacher,
    images: imagesFile(bench, entry.px),
    onnx: join(bench.folder, 'teacher.onnx'),
    packages: bench.places.packages,
    answer: join(bench.folder, 'logits.f32'),
  };
}

/**
 * Asks all contenders for the logits of the same images.
 *
 * @returns the largest difference from the engine's
 * @throws BenchError if they do not run the same network
 */
export async function requireAgreement(
  bench: Bench,
  contenders: readonly Contender[],
): Promise<number> {
  const asked = {
    workload: 'logits',
    px: 224,
    batch: CHECKED_IMAGES,
    warmups: 0,
    repetitions: 0,
  } as const;
  const task = taskOf(bench, asked);
  let ours: Float32Array | undefined;
  let largest = 0;
  for (const contender of contenders) {
    await startContender(contender, task, bench.places);
    const bytes = await readFile(task.answer);
    const logits = new Float32Array(Uint8Array.from(bytes).buffer);
    ours ??= logits;
    if (logits.length !== ours.length || logits.length === 0) {
      throw new BenchError(`${contender} gives ${logits.length} logits instead of ${ours.length}.`);
    }
    const difference = logits.reduce(
      (most, each, i) => Math.max(most, Math.abs(each - (ours?.[i] ?? Number.NaN))),
      0,
    );
    bench.say(`${contender} agrees to ${difference.toExponential(1)}`);
    if (!(difference <= MAX_DIFFERENCE)) {
      throw new BenchError(
        `${contender} does not run the same network: its logits differ by ${difference}, so nothing was timed.`,
      );
    }
    largest = Math.max(largest, difference);
  }
  return largest;
}

/** Lets the contenders do the same in turns, a process each, and says how they compare. */
export async function compare(bench: Bench, comparison: Comparison): Promise<Compared> {
  const entries = Object.entries(comparison.entries).filter(
    ([, { contender }]) => !bench.without.has(contender),
  );
  const measured = new Map<string, Measurement[]>(entries.map(([key]) => [key, []]));
  for (let round = 0; round < bench.rounds; round++) {
    for (const [key, { contender, task, label }] of entries) {
      const measurement = await startContender(contender, taskOf(bench, task), bench.places);
      measured.get(key)?.push(measurement);
      const speed = speedOf(comparison, task, median(measurement.cpuSeconds));
      bench.say(
        `round ${round + 1}: ${label}: ${speed.toFixed(1)} ${comparison.unit} per CPU-second`,
      );
    }
  }
  requireSameLosses(entries, measured);
  const rows = new Map(
    entries.map(([key, entry]) => [key, rowOf(comparison, entry, measured.get(key) ?? [])]),
  );
  return {
    title: comparison.title,
    unit: comparison.unit,
    rows: [...rows.values()],
    bars: comparison.bars.flatMap((bar) => judge(bar, rows)),
    versions: Object.assign({}, ...[...measured.values()].flat().map(({ versions }) => versions)),
  };
}

const speedOf = ({ unit }: Comparison, { batch }: Entry['task'], cpuSeconds: number): number =>
  (unit === 'images' ? batch : 1) / cpuSeconds;

/** The same step begins at the same loss, whoever takes it. */
function requireSameLosses(
  entries: readonly [string, Entry][],
  measured: ReadonlyMap<string, Measurement[]>,
): void {
  const first = new Map<number, { label: string; loss: number }>(); // by batch
  for (const [key, { label, task, differentLoss }] of entries) {
    if (differentLoss) continue;
    const loss = measured.get(key)?.[0]?.loss;
    if (loss === null || loss === undefined) continue;
    const other = first.get(task.batch) ?? { label, loss };
    first.set(task.batch, other);
    if (Math.abs(loss / other.loss - 1) <= MAX_DIFFERENCE) continue;
    throw new BenchError(
      `${label} begins at a loss of ${loss}, ${other.label} at ${other.loss}: they do not train the same network.`,
    );
  }
}

function rowOf(comparison: Comparison, { label, task }: Entry, runs: readonly Measurement[]): Row {
  const speed = (cpuSeconds: number) => speedOf(comparison, task, cpuSeconds);
  const all = runs.flatMap(({ cpuSeconds }) => cpuSeconds);
  const sum = (values: readonly number[]) => values.reduce((total, each) => total + each, 0);
  return {
    label,
    speeds: runs.map(({ cpuSeconds }) => speed(median(cpuSeconds))),
    range: [speed(Math.max(...all)), speed(Math.min(...all))],
    parallel: sum(all) / sum(runs.flatMap(({ wallSeconds }) => wallSeconds)),
    peakBytes: Math.max(...runs.map(({ peakBytes }) => peakBytes)),
  };
}

function judge(bar: Bar, rows: ReadonlyMap<string, Row>): Judged[] {
  const ours = rows.get(bar.ours);
  const theirs = rows.get(bar.theirs);
  if (!ours || !theirs) return []; // left out
  if ('memory' in bar) {
    const ratio = theirs.peakBytes / ours.peakBytes;
    const what = `memory: that of ${theirs.label} to that of ${ours.label}`;
    return [{ what, least: bar.memory, ratio, range: [ratio, ratio] }];
  }
  const ratios = ours.speeds.map((speed, round) => speed / (theirs.speeds[round] ?? Number.NaN));
  return [
    {
      what: `speed: ${ours.label} to ${theirs.label}`,
      least: bar.speed,
      ratio: median(ratios),
      range: [Math.min(...ratios), Math.max(...ratios)],
    },
  ];
}
