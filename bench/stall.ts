import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digits } from '#examples/demo-data.ts';
import { type Files, layOutJob } from '#examples/job-folder.ts';
import { teacherNamed } from '#teachers/catalogue.ts';
import type { Bench } from './compare.ts';
import { lastLineOf } from './start-contender.ts';

export interface Stall {
  regime: string;
  images: number;
  longestMs: number;
  mostMs: number;
  wallSeconds: number;
}

const IMAGES = 300;
const MAX_MS = 250;
const REGIMES = ['head-only', 'blocks:2', 'full'];

/** The longest that the main thread of real trainings was blocked; heartbeats and a clean stop depend on it. */
export async function measureStall(bench: Bench): Promise<Stall[]> {
  const stalls: Stall[] = [];
  for (const regime of REGIMES) stalls.push(await stallOf(regime, bench));
  return stalls;
}

async function stallOf(regime: string, bench: Bench): Promise<Stall> {
  const root = await mkdtemp(join(tmpdir(), 'understudy-bench-'));
  try {
    const { examples } = await digits();
    const files: Files = {};
    for await (const { label, png } of examples) {
      const number = Object.keys(files).length;
      if (number === IMAGES) break;
      files[`${label}/${number}.png`] = png;
    }
    const entry = teacherNamed('efficientnet-lite0');
    if (!entry) throw new Error('efficientnet-lite0 is not in the catalogue');
    const teacher = { entry, folder: bench.teacher };
    await layOutJob(root, { form: 'folder', files, recipe: { regime }, teacher });
    const said = await lastLineOf('contenders/watched-training.ts', [root], bench.places);
    const { longestMs, wallSeconds } = JSON.parse(said) as Stall;
    return { regime, images: IMAGES, longestMs, mostMs: MAX_MS, wallSeconds };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
