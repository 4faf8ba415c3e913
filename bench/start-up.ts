import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { lastLines, run } from '#engine/tensorflow/run-command.ts';
import { digits } from '#examples/demo-data.ts';
import { BenchError } from './bench-error.ts';
import { under } from './machine.ts';
import { keepStartUp } from './record.ts';
import { writeResults } from './results.ts';

// `npx tsx bench/start-up.ts`: what it costs to start each command, `-- --before=FOLDER` beside an earlier checkout.

/** A command, measured in processes of its own. */
export interface StartUp {
  command: string;
  unit: 'CPU-seconds' | 'ms to the first line';
  most: number;
  now: number[];
  before?: number[]; // of the earlier checkout, in turns with the others
}

const ROUNDS = 5;
const IMAGES = 120; // digits, of which the student that is asked has learned
const { values } = parseArgs({ options: { before: { type: 'string' } } });
const now = fileURLToPath(new URL('..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'understudy-bench-'));
const environment = {
  ...process.env,
  UNDERSTUDY_STATE: join(folder, 'state'),
  NODE_NO_WARNINGS: '1',
};
try {
  const [circumstances, result] = await under(measure, ['cli', 'local', 'core', 'engine']);
  await keepStartUp({ ...circumstances, node: process.version, result });
  await writeResults();
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(): Promise<StartUp[]> {
  const data = join(folder, 'digits');
  await writeDigits(data);
  await cpuSeconds(now, ['train', data]);
  const label = (await readdir(data))[0] ?? '';
  const image = join(data, label, (await readdir(join(data, label)))[0] ?? '');
  const rows: (StartUp & { measure: (root: string) => Promise<number> })[] = [
    ...(
      [
        [['--help'], 0.25],
        [['list'], 0.5],
        [['status'], 0.5],
        [['predict', 'digits', image], 1.5],
      ] as const
    ).map(([words, most]) => ({
      command: [words[0], ...(words.length > 1 ? ['STUDENT', 'IMAGE'] : [])].join(' '),
      unit: 'CPU-seconds' as const,
      most,
      now: [],
      measure: (root: string) => cpuSeconds(root, words),
    })),
    {
      command: 'train FOLDER',
      unit: 'ms to the first line',
      most: 200,
      now: [],
      measure: (root) => msToFirstLine(root, ['train', data]),
    },
  ];
  const { before } = values;
  for (let round = -1; round < ROUNDS; round++) {
    for (const row of rows) {
      const [earlier, latest] = [before && (await row.measure(before)), await row.measure(now)];
      if (round < 0) continue; // it fills the caches of the disk, and makes the bundle
      row.now.push(latest);
      if (typeof earlier === 'number') row.before = [...(row.before ?? []), earlier];
    }
  }
  return rows.map(({ measure: _, ...row }) => row);
}

async function writeDigits(target: string): Promise<void> {
  let number = 0;
  for await (const { label, png } of (await digits()).examples) {
    if (++number > IMAGES) return;
    await mkdir(join(target, label), { recursive: true });
    await writeFile(join(target, label, `${number}.png`), png);
  }
}

function commandIn(root: string): string {
  return join(root, 'cli', 'understudy.mjs');
}

/** User and system time of a command and of every process that it has waited for, as the shell counts them. */
async function cpuSeconds(root: string, words: readonly string[]): Promise<number> {
  const script = '"$@" > /dev/null || exit; times';
  const command = [process.execPath, commandIn(root), ...words];
  const done = await run('/bin/sh', ['-c', script, 'sh', ...command], environment);
  if (!done.ok) throw new BenchError(`${words[0]} failed:\n${lastLines(done.output, 8)}`);
  const [, user, system] = /^(\S+) (\S+)$/.exec(lastLines(done.output, 1)) ?? [];
  return secondsOf(user) + secondsOf(system);
}

/** `1m2.345s` in seconds. */
function secondsOf(text = ''): number {
  const [, minutes, seconds] = /^(\d+)m([\d.]+)s$/.exec(text) ?? [];
  return 60 * Number(minutes) + Number(seconds);
}

async function msToFirstLine(root: string, words: readonly string[]): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [commandIn(root), ...words], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await once(child.stderr, 'data');
  const ms = performance.now() - began;
  child.stderr.resume();
  child.kill('SIGINT');
  await once(child, 'exit');
  return ms;
}
