import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from './compare.ts';
import { lastLineOf } from './start-contender.ts';

/** Where the time of a step goes, by TensorFlow's own timeline. */
export interface Profile {
  frozen: Kernels;
  learnt: Kernels;
}

export interface Kernels {
  milliseconds: number; // a step
  kernels: { name: string; milliseconds: number; calls: number }[]; // the longest first
}

/** Lets TensorFlow tell how long each kernel of a step takes; Python asks, since tfjs-node cannot. */
export async function profileStep(bench: Bench): Promise<Profile> {
  const of = async (averages: 'frozen' | 'learnt'): Promise<Kernels> => {
    const folder = join(bench.folder, `step-${averages}`);
    await mkdir(folder, { recursive: true });
    await lastLineOf('contenders/write-step.ts', [bench.teacher, averages, folder], bench.places);
    return JSON.parse(await lastLineOf('contenders/timeline.py', [folder], bench.places));
  };
  return { frozen: await of('frozen'), learnt: await of('learnt') };
}
