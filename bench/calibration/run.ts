import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { at, lookUp } from '#core/at.ts';
import { ensureTensorflow } from '#engine/tensorflow/ensure-tensorflow.ts';
import { BenchError } from '../bench-error.ts';
import {
  CELLS_FILE,
  type Cell,
  cellsInOrder,
  keepCell,
  keyOf,
  REGIMES,
  readCells,
  SIZES,
} from './cells.ts';
import { DATASETS } from './datasets.ts';
import { type Divided, divide, possibleSizes } from './draw.ts';
import { measureCells } from './measure-cells.ts';
import { writeReport } from './report.ts';
import { startTrainer } from './start-trainer.ts';

// `npm run calibrate` measures which regime suits which dataset, and how that depends on the number of images. It resumes
// where it was stopped, and writes REPORT.md and accuracy.svg. Options, after `--`:
//   --minutes=60    start no more trainings after an hour
//   --only=WORD     a dataset, a regime, `seed=1` or `size=20`; may be repeated
//   --jobs=2        trainings at a time, on one thread each
//   --px=64         image size
//   --retry         measure failed cells again
//   --report        only write the report
//   --file=PATH     record the cells elsewhere than in cells.jsonl

const say = (line: string) => process.stderr.write(`${line}\n`);

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    minutes: { type: 'string', default: 'Infinity' },
    px: { type: 'string', default: '64' },
    jobs: { type: 'string', default: '1' },
    file: { type: 'string' },
    retry: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
});

/** The kinds of words that `--only` takes: those of one kind are alternatives. */
const KINDS: { isOfKind(word: string): boolean; ofCell(cell: Cell): string }[] = [
  {
    isOfKind: (word) => DATASETS.some(({ name }) => name === word),
    ofCell: ({ dataset }) => dataset,
  },
  { isOfKind: (word) => REGIMES.some((name) => name === word), ofCell: ({ regime }) => regime },
  { isOfKind: (word) => word.startsWith('seed='), ofCell: ({ seed }) => `seed=${seed}` },
  { isOfKind: (word) => word.startsWith('size='), ofCell: ({ perClass }) => `size=${perClass}` },
];

const file = values.file ?? CELLS_FILE;
const ends = Date.now() + 60_000 * positive(values.minutes);
const folder = await mkdtemp(join(tmpdir(), 'understudy-calibration-'));
try {
  requireKnownWords();
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

  const situations = trainedTogether(cells);
  let next = 0;
  let count = 0;
  async function work(): Promise<void> {
    const trainer = startTrainer();
    try {
      while (next < situations.length && Date.now() < ends) {
        const own = at(situations, next++);
        const images = lookUp(divided, at(own, 0).dataset);
        for (const line of await measureCells(own, images, trainer, folder, say)) {
          await keepCell(file, line);
          count += 1;
          const result = 'error' in line ? line.error : `${(100 * line.accuracy).toFixed(1)}%`;
          say(`${count}/${cells.length} ${keyOf(line)}: ${result}`);
        }
      }
    } finally {
      trainer.stop();
    }
  }
  await Promise.all(Array.from({ length: jobs }, work));
}

/** Consecutive cells that differ only in the regime; "auto" alone. */
function trainedTogether(cells: readonly Cell[]): Cell[][] {
  const groups: Cell[][] = [];
  let last = '';
  for (const cell of cells) {
    const { dataset, perClass, seed, px, regime } = cell;
    const own = [dataset, perClass, seed, px, regime === 'auto'].join(' ');
    if (own === last) groups.at(-1)?.push(cell);
    else groups.push([cell]);
    last = own;
  }
  return groups;
}

function isWanted(cell: Cell): boolean {
  return KINDS.every(({ isOfKind, ofCell }) => {
    const words = values.only.filter(isOfKind);
    return words.length === 0 || words.includes(ofCell(cell));
  });
}

function requireKnownWords(): void {
  const unknown = values.only.find((word) => !KINDS.some(({ isOfKind }) => isOfKind(word)));
  if (unknown) throw new BenchError(`"${unknown}" is no dataset, regime, seed=N or size=N.`);
}

function positive(text: string): number {
  const number = Number(text);
  if (number > 0) return number;
  throw new BenchError(`"${text}" is not a positive number.`);
}
