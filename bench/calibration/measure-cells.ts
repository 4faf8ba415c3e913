import { execFile } from 'node:child_process';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { at } from '#core/at.ts';
import { type Files, layOutJob } from '#examples/job-folder.ts';
import { DEFAULT_TEACHER } from '#teachers/catalogue.ts';
import { teacherChannel } from '../teacher-channel.ts';
import { type Cell, type Line, Measured } from './cells.ts';
import type { CalibrationImage } from './dataset.ts';
import { type Divided, drawTraining } from './draw.ts';
import type { Trainer } from './start-trainer.ts';

/**
 * Trains students of several regimes on the same images, and tests them on the held-out ones.
 *
 * @param cells that differ in nothing but the regime
 * @param work a folder for the held-out images, which cells share, and for one job after the other
 * @returns each cell with its accuracy, or with the error that ended its training
 */
export async function measureCells(
  cells: readonly Cell[],
  images: Divided,
  trainer: Trainer,
  work: string,
  say: (line: string) => void,
): Promise<Line[]> {
  const { dataset, perClass, seed, px, regime } = at(cells, 0);
  const name = ['job', dataset, perClass, seed, px, regime.replace(':', '-')].join('-');
  const root = join(work, name);
  try {
    const teacher = await teacherChannel(DEFAULT_TEACHER, work, say);
    const train = drawTraining(images, perClass, seed);
    const recipe = { regime: regime === 'auto' ? 'auto' : 'head-only', input_px: px, seed };
    await layOutJob(root, { form: 'folder', files: filesOf(train), recipe, teacher });
    const tests = join(work, `tests-${dataset}`);
    await writeTests(tests, images.test);
    const answer = await trainer.train({ root, tests, regimes: cells.map((each) => each.regime) });
    if ('error' in answer) throw new Error(answer.error);
    const common = {
      classes: images.pool.size,
      learned: train.length,
      tested: images.test.length,
      date: new Date().toISOString(),
    };
    const versions = { commit: await commit() };
    return cells.map((cell) => {
      const trained = answer.trained.find((each) => each.regime === cell.regime);
      if (!trained) return { ...cell, error: 'It was not trained.' };
      const measured = { ...trained, ...common, versions: { ...trained.versions, ...versions } };
      return { ...cell, ...Measured.parse(measured) };
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return cells.map((cell) => ({ ...cell, error: message }));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function filesOf(images: readonly CalibrationImage[]): Files {
  const files: Files = {};
  for (const [i, { png, label }] of images.entries()) files[`${label}/${i}.png`] = png;
  return files;
}

async function writeTests(folder: string, images: readonly CalibrationImage[]): Promise<void> {
  const index = join(folder, 'test.json'); // written last
  const isWritten = await access(index).then(
    () => true,
    () => false,
  );
  if (isWritten) return;
  await mkdir(folder, { recursive: true });
  const list = images.map(({ label }, i) => ({ file: `${i}.png`, label }));
  for (const [i, { png }] of images.entries()) await writeFile(join(folder, `${i}.png`), png);
  await writeFile(index, JSON.stringify(list));
}

async function commit(): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: import.meta.dirname,
  });
  return stdout.trim();
}
