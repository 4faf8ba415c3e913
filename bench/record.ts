import { readFile, writeFile } from 'node:fs/promises';
import type { Bundle } from './bundles.ts';
import type { Compared } from './compare.ts';
import type { Circumstances } from './machine.ts';
import type { MemoryUse } from './memory.ts';
import type { Profile } from './profile.ts';
import type { Stall } from './stall.ts';
import type { StartUp } from './start-up.ts';

/** The sections of the benchmark, in the order of its results; each can be measured separately. */
export const SECTIONS = [
  'features',
  'step',
  'host',
  'profile',
  'stall',
  'memory',
  'bundles',
] as const;
export type Section = (typeof SECTIONS)[number];

export type Recorded<Result> = Circumstances & { largestDifference: number; result: Result };

/** A student that was trained on some images of a dataset and tested on others. */
export interface StudentRun extends Circumstances {
  set: 'cifar-10' | 'digits';
  by: 'ours' | 'ours before' | 'keras'; // before: the baseline for later results of ours
  images: number; // training images, those held out of them included
  test: number; // test images
  teacher: string; // this and the next four: as requested
  px: number | 'auto';
  regime: string;
  seed: number;
  minutes?: number; // the budget of ours
  used: { teacher: string; px: number; regime: string };
  accuracy: number; // a fraction
  cpuSeconds?: number; // of the training process; not in the oldest results
  seconds: number;
}

/** The latest measurement of each section. */
export interface BenchRecord {
  features?: Recorded<Compared>;
  step?: Recorded<Compared>;
  host?: Recorded<Compared>;
  profile?: Recorded<Profile>;
  stall?: Recorded<Stall[]>;
  memory?: Recorded<MemoryUse>;
  bundles?: Recorded<Bundle[]>;
  startUp?: Circumstances & { node: string; result: StartUp[] };
  students?: StudentRun[];
}

const FILE = new URL('results.jsonl', import.meta.url); // a line a section: its name, and what was measured

export async function readRecord(): Promise<BenchRecord> {
  const text = await readFile(FILE, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const lines = text.split('\n').filter(Boolean);
  return Object.fromEntries(lines.map((line) => JSON.parse(line) as [Section, never]));
}

export const keepRecord = (section: Section, recorded: Recorded<unknown>): Promise<void> =>
  keep(section, recorded);

export const keepStartUp = (recorded: BenchRecord['startUp']): Promise<void> =>
  keep('startUp', recorded);

/** Keeps a student's result in the place of an earlier one of the same training. */
export async function keepStudent(run: StudentRun): Promise<void> {
  const { students = [] } = await readRecord();
  const keyOf = ({ set, by, images, teacher, px, regime, seed }: StudentRun) =>
    [set, images, px, teacher, regime, by, seed].join(' ');
  const others = students.filter((each) => keyOf(each) !== keyOf(run));
  const all = [...others, run].sort((a, b) =>
    keyOf(a).localeCompare(keyOf(b), 'en', { numeric: true }),
  );
  await keep('students', all);
}

async function keep(name: Section | 'startUp' | 'students', value: unknown): Promise<void> {
  const record: Record<string, unknown> = { ...(await readRecord()), [name]: value };
  const lines = [...SECTIONS, 'startUp', 'students']
    .filter((each) => record[each])
    .map((each) => JSON.stringify([each, record[each]]));
  await writeFile(FILE, `${lines.join('\n')}\n`);
}
