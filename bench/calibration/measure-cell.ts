import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Files, layOutJob } from '#examples/job-folder.ts';
import { BenchError } from '../bench-error.ts';
import { type SizedTeacher, sizedTeacher } from '../sized-teacher.ts';
import { lastLineOf } from '../start-contender.ts';
import { type Cell, type Line, Measured } from './cells.ts';
import type { CalibrationImage } from './dataset.ts';
import { type Divided, drawTraining } from './draw.ts';

/** Of the images that the trainer is given; those that it is judged by here are others. */
const SPLIT = { validation: 0.1, test: 0.05 };

/**
 * Trains a student as a job does, and asks it the held-out images.
 *
 * @param folder for the job; removed at the end
 * @param shared a folder for all cells: the teacher
 * @returns the cell with its accuracy, or with the error that ended the training
 */
export async function measureCell(
  cell: Cell,
  images: Divided,
  folder: string,
  shared: string,
  say: (line: string) => void,
): Promise<Line> {
  const { perClass, regime, seed, px } = cell;
  try {
    teachers[px] ??= sizedTeacher(px, shared, say);
    const teacher = await teachers[px];
    const train = drawTraining(images, perClass, seed);
    const recipe = { regime: inRecipe(regime), split: SPLIT, seed };
    await layOutJob(folder, { form: 'folder', files: filesOf(train), recipe, teacher });
    const tests = join(folder, 'held-out');
    await writeTests(tests, images.test);
    const program = 'calibration/train-cell.ts';
    const result = JSON.parse(await lastLineOf(program, [folder, tests], NO_PACKAGES));
    const measured = {
      ...result,
      classes: images.pool.size,
      learned: train.length,
      tested: images.test.length,
      versions: { ...result.versions, commit: await commit() },
      date: new Date().toISOString(),
    };
    return { ...cell, ...Measured.parse(measured) };
  } catch (error) {
    return { ...cell, error: error instanceof Error ? error.message : String(error) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const teachers: Record<number, Promise<SizedTeacher>> = {};

const NO_PACKAGES = { packages: '', python: [] };

/** @throws BenchError if this version cannot train it */
function inRecipe(regime: Cell['regime']): string {
  return regime === 'last-features' ? 'head-only' : regime;
}

function filesOf(images: readonly CalibrationImage[]): Files {
  const files: Files = {};
  for (const [i, { png, label }] of images.entries()) files[`${label}/${i}.png`] = png;
  return files;
}

async function writeTests(folder: string, images: readonly CalibrationImage[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  const list = images.map(({ label }, i) => ({ file: `${i}.png`, label }));
  for (const [i, { png }] of images.entries()) await writeFile(join(folder, `${i}.png`), png);
  await writeFile(join(folder, 'test.json'), JSON.stringify(list));
}

async function commit(): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: import.meta.dirname,
  });
  return stdout.trim();
}
