import { appendFile, readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { PerClass } from './draw.ts';

/**
 * What is trained. `last-features` is a head on the last features alone, `head-only` one on the features that the plan
 * chooses; all others retrain blocks of the teacher. They are trained on all images, and shipped whatever comes of it.
 * `auto` is a whole job, which chooses and judges by itself.
 */
export const REGIMES = [
  'last-features',
  'head-only',
  'blocks:4',
  'full',
  'blocks:2',
  'auto',
] as const;
export type Regime = (typeof REGIMES)[number];

export const SIZES: readonly number[] = [5, 10, 20, 50, 100];
export const SEEDS = [1, 2, 3] as const;

/** One training: which images, and what of the teacher was trained. */
export const Cell = z.object({
  dataset: z.string(),
  source: z.string(),
  perClass: z.union([z.int(), z.literal('all')]), // images to learn from
  regime: z.enum(REGIMES),
  seed: z.int(), // of the drawing of the images and of the recipe
  px: z.int(),
});
export type Cell = z.infer<typeof Cell>;

/** The result of a cell. */
export const Measured = z.object({
  classes: z.int(),
  learned: z.int(), // images given to the trainer
  tested: z.int(), // images that the shipped student was tested on
  accuracy: z.number().min(0).max(1),
  cpuSeconds: z.number(), // of the whole training, user and system
  plan: z.record(z.string(), z.unknown()), // what was trained, and why; of "auto" the card's freezePlan
  facts: z.record(z.string(), z.unknown()).nullable(), // the card's plan: similarity and the like
  versions: z.record(z.string(), z.string()),
  date: z.string(),
});
export type Measured = z.infer<typeof Measured>;

const Line = z.union([Cell.extend({ ...Measured.shape }), Cell.extend({ error: z.string() })]);
export type Line = z.infer<typeof Line>;
export type MeasuredCell = Cell & Measured;

/** A line per training, failed ones included, in the order in which they ended. */
export const CELLS_FILE = new URL('cells.jsonl', import.meta.url);

export async function readCells(file: URL | string): Promise<Line[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const lines = text.split('\n').filter(Boolean);
  // The same cell again is a later try.
  const latest = new Map(
    lines.map((line) => {
      const cell = Line.parse(JSON.parse(line));
      return [keyOf(cell), cell];
    }),
  );
  return [...latest.values()];
}

export const keepCell = (file: URL | string, line: Line): Promise<void> =>
  appendFile(file, `${JSON.stringify(line)}\n`);

export const keyOf = ({ dataset, perClass, regime, seed, px }: Cell): string =>
  [dataset, perClass, regime, seed, px].join(' ');

/** The rounds of a run, the most informative first: a run that is stopped early covers all sources, and regimes far apart. */
const MAIN: Regime[] = ['last-features', 'head-only', 'blocks:4', 'full'];
const ROUNDS: { sizes: PerClass[]; regimes: Regime[] }[] = [
  { sizes: [20], regimes: MAIN },
  { sizes: [100], regimes: MAIN },
  { sizes: [5], regimes: MAIN },
  { sizes: ['all', 50, 10], regimes: MAIN },
  { sizes: [20, 100, 5, 'all', 50, 10], regimes: ['blocks:2'] },
  { sizes: [20, 100, 5, 'all', 50, 10], regimes: ['auto'] },
];

/**
 * The cells of all datasets in the order of measuring: the first seed first; in each round the first dataset of each
 * source before the second ones; and all regimes of a situation one after the other: they share most of the work.
 *
 * @param datasets with the numbers of images per class that each allows
 */
export function cellsInOrder(
  datasets: readonly { name: string; source: string; sizes: readonly PerClass[] }[],
  px: number,
): Cell[] {
  const rank = ({ name, source }: { name: string; source: string }) =>
    datasets.filter((each) => each.source === source).findIndex((each) => each.name === name);
  const inOrder = [...datasets].sort((a, b) => rank(a) - rank(b));

  return SEEDS.flatMap((seed) =>
    ROUNDS.flatMap(({ sizes, regimes }) =>
      inOrder.flatMap(({ name: dataset, source, sizes: possible }) =>
        sizes
          .filter((perClass) => possible.includes(perClass))
          .flatMap((perClass) =>
            regimes.map((regime) => ({ dataset, source, perClass, regime, seed, px })),
          ),
      ),
    ),
  );
}
