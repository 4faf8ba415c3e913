import { readFile, writeFile } from 'node:fs/promises';
import type { Bundle } from './bundles.ts';
import type { Compared } from './compare.ts';
import type { Circumstances } from './machine.ts';
import type { Profile } from './profile.ts';
import type { Stall } from './stall.ts';

/** All that the bench measures, in the order of its results; each can be measured for itself. */
export const SECTIONS = ['features', 'step', 'host', 'profile', 'stall', 'bundles'] as const;
export type Section = (typeof SECTIONS)[number];

export type Recorded<Result> = Circumstances & { largestDifference: number; result: Result };

/** What was last measured of each. */
export interface BenchRecord {
  features?: Recorded<Compared>;
  step?: Recorded<Compared>;
  host?: Recorded<Compared>;
  profile?: Recorded<Profile>;
  stall?: Recorded<Stall>;
  bundles?: Recorded<Bundle[]>;
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

export async function keepRecord(section: Section, recorded: Recorded<unknown>): Promise<void> {
  const record: Record<string, unknown> = { ...(await readRecord()), [section]: recorded };
  const lines = SECTIONS.filter((name) => record[name]).map((name) => [name, record[name]]);
  await writeFile(FILE, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}
