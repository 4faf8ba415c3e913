import { readFile, writeFile } from 'node:fs/promises';
import type { Bundle } from './bundles.ts';
import type { Compared } from './compare.ts';
import type { Circumstances } from './machine.ts';
import type { MemoryUse } from './memory.ts';
import type { Profile } from './profile.ts';
import type { Stall } from './stall.ts';

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

/** The test accuracy of a student of each, as a fraction. */
export interface Accuracy extends Circumstances {
  perClass: number; // training images
  px: number;
  regime: string;
  test: number; // images
  understudy: number;
  keras: number;
  seconds: number[]; // taken by each of the two
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
  accuracy?: Accuracy[];
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

/** In the place of an earlier one of the same. */
export async function keepAccuracy(measured: Accuracy): Promise<void> {
  const { accuracy = [] } = await readRecord();
  const keyOf = ({ regime, px, perClass }: Accuracy) => `${regime} ${px} ${perClass}`;
  const others = accuracy.filter((each) => keyOf(each) !== keyOf(measured));
  const all = [...others, measured].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  await keep('accuracy', all);
}

async function keep(name: Section | 'accuracy', value: unknown): Promise<void> {
  const record: Record<string, unknown> = { ...(await readRecord()), [name]: value };
  const lines = [...SECTIONS, 'accuracy']
    .filter((each) => record[each])
    .map((each) => JSON.stringify([each, record[each]]));
  await writeFile(FILE, `${lines.join('\n')}\n`);
}
