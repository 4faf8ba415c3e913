import { execFile } from 'node:child_process';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Files, layOutJob } from '#examples/job-folder.ts';
import { type SizedTeacher, sizedTeacher } from '../sized-teacher.ts';
import { type Cell, type Line, Measured } from './cells.ts';
import type { CalibrationImage } from './dataset.ts';
import { type Divided, drawTraining } from './draw.ts';
import type { Trainer } from './start-trainer.ts';

/** Of the images that the trainer is given; those that it is judged by here are others. */
const SPLIT = { validation: 0.1, test: 0.05 };

/**
 * Trains a student as a job does, and asks it the held-out images.
 *
 * @param work a folder for what the cells share, and for one job after the other
 * @returns the cell with its accuracy, or with the error that ended the training
 */
export async function measureCell(
  cell: Cell,
  images: Divided,
  trainer: Trainer,
  work: string,
  say: (line: string) => void,
): Promise<Line> {
  const { perClass, regime, seed, px } = cell;
  const root = join(work, `job ${Object.values(cell).join(' ')}`.replaceAll(/[^a-z0-9]+/g, '-'));
  try {
    const teacher = await teacherFor(px, work, say);
    const train = drawTraining(images, perClass, seed);
    const recipe = { regime: inRecipe(regime), split: SPLIT, seed };
    await layOutJob(root, { form: 'folder', files: filesOf(train), recipe, teacher });
    const tests = join(work, `tests-${cell.dataset}`);
    await writeTests(tests, images.test);
    const answer = await trainer.train({ root, tests });
    if ('error' in answer) return { ...cell, ...answer };
    const measured: Measured = {
      ...answer,
      classes: images.pool.size,
      learned: train.length,
      tested: images.test.length,
      versions: { ...answer.versions, commit: await commit() },
      date: new Date().toISOString(),
    };
    return { ...cell, ...Measured.parse(measured) };
  } catch (error) {
    return { ...cell, error: error instanceof Error ? error.message : String(error) };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

const teachers = new Map<number, Promise<SizedTeacher>>();

function teacherFor(px: number, work: string, say: (line: string) => void): Promise<SizedTeacher> {
  const teacher = teachers.get(px) ?? sizedTeacher(px, work, say);
  teachers.set(px, teacher);
  return teacher;
}

const inRecipe = (regime: Cell['regime']): string =>
  regime === 'last-features' ? 'head-only' : regime;

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
