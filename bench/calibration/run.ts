import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { at, lookUp } from '#core/at.ts';
import { ensureTensorflow } from '#engine/tensorflow/ensure-tensorflow.ts';
import { BenchError } from '../bench-error.ts';
import { CELLS_FILE, type Cell, cellsInOrder, keepCell, keyOf, readCells, SIZES } from './cells.ts';
import { DATASETS } from './datasets.ts';
import { type Divided, divide, possibleSizes } from './draw.ts';
import { measureCell } from './measure-cell.ts';
import { writeReport } from './report.ts';
import { startTrainer } from './start-trainer.ts';

// `npm run calibrate`: which regime is best for which dataset and how many images. Goes on where it was stopped, and
// writes REPORT.md and plots/ of what there is. `-- --minutes=60` ends after the training under way at that time;
// `--only=WORD` (several: any of them) takes the cells whose dataset, regime, `seed=N` or `size=N` it is; `--retry`
// measures failed cells again; `--report` measures nothing.

const say = (line: string) => process.stderr.write(`${line}\n`);

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    minutes: { type: 'string', default: 'Infinity' },
    px: { type: 'string', default: '64' },
    jobs: { type: 'string', default: '1' }, // trainings at a time, on one thread each
    file: { type: 'string' },
    retry: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
});

const file = values.file ?? CELLS_FILE;
const ends = Date.now() + 60_000 * positive(values.minutes);
const folder = await mkdtemp(join(tmpdir(), 'understudy-calibration-'));
try {
  if (!values.report) await measure(positive(values.px), positive(values.jobs));
  await writeReport(await readCells(file), say);
} catch (error) {
  if (!(error instanceof BenchError)) throw error;
  say(error.message);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(px: number, jobs: number): Promise<void> {
  await ensureTensorflow(say);
  const divided = new Map<string, Divided>();
  const known = [];
  for (const dataset of DATASETS) {
    const { name, source } = dataset;
    const chosen = DATASETS.filter((each) => values.only.includes(each.name));
    if (chosen.length > 0 && !chosen.includes(dataset)) continue;
    say(`loading ${name}`);
    const images = divide(name, await dataset.load(say));
    divided.set(name, images);
    known.push({ name, source, sizes: possibleSizes(images, SIZES) });
  }
  const recorded = await readCells(file);
  const done = new Set(recorded.filter((line) => !(values.retry && 'error' in line)).map(keyOf));
  const cells = cellsInOrder(known, px).filter((cell) => isWanted(cell) && !done.has(keyOf(cell)));
  say(`${cells.length} cells to measure, ${recorded.length} are recorded`);

  let next = 0;
  async function work(): Promise<void> {
    const trainer = startTrainer();
    try {
      while (next < cells.length && Date.now() < ends) {
        const number = next++;
        const cell = at(cells, number);
        const images = lookUp(divided, cell.dataset);
        const line = await measureCell(cell, images, trainer, folder, say);
        await keepCell(file, line);
        const result = 'error' in line ? line.error : `${(100 * line.accuracy).toFixed(1)}%`;
        say(`${number + 1}/${cells.length} ${keyOf(cell)}: ${result}`);
      }
    } finally {
      trainer.stop();
    }
  }
  await Promise.all(Array.from({ length: jobs }, work));
}

/** Words of one kind are alternatives; of different kinds, all must hold. */
function isWanted(cell: Cell): boolean {
  const own = [[cell.dataset], [cell.regime], [`seed=${cell.seed}`], [`size=${cell.perClass}`]];
  const kinds = [
    (word: string) => DATASETS.some(({ name }) => name === word),
    (word: string) => /^(auto|head-only|last-features|full|blocks:\d)$/.test(word),
    (word: string) => word.startsWith('seed='),
    (word: string) => word.startsWith('size='),
  ];
  return kinds.every((isOfKind, k) => {
    const words = values.only.filter(isOfKind);
    return words.length === 0 || words.some((word) => own[k]?.includes(word));
  });
}

function positive(text: string): number {
  const number = Number(text);
  if (number > 0) return number;
  throw new BenchError(`"${text}" is not a positive number.`);
}
