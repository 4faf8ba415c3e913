import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from './compare.ts';
import { lastLineOf } from './start-contender.ts';

/** Where the time of a step goes, by TensorFlow's own timeline. */
export interface Profile {
  milliseconds: number; // per step
  kernels: { name: string; milliseconds: number; calls: number }[]; // the longest first
}

/** Lets TensorFlow time each kernel of a step; in Python, since tfjs-node cannot. */
export async function profileStep(bench: Bench): Promise<Profile> {
  const folder = join(bench.folder, 'step');
  await mkdir(folder, { recursive: true });
  await lastLineOf('contenders/write-step.ts', [bench.teacher, folder], bench.places);
  return JSON.parse(await lastLineOf('contenders/timeline.py', [folder], bench.places));
}
