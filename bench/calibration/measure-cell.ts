import { execFile } from 'node:child_process';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Files, layOutJob } from '#examples/job-folder.ts';
import { DEFAULT_TEACHER } from '#teachers/catalogue.ts';
import { teacherChannel } from '../teacher-channel.ts';
import { type Cell, type Line, Measured } from './cells.ts';
import type { CalibrationImage } from './dataset.ts';
import { type Divided, drawTraining } from './draw.ts';
import type { Trainer } from './start-trainer.ts';

/**
 * Trains a student as a job does, and tests it on the held-out images.
 *
 * @param work a folder for the held-out images, which cells share, and for one job after the other
 * @returns the cell with its accuracy, or with the error that ended the training
 */
export async function measureCell(
  cell: Cell,
  images: Divided,
  trainer: Trainer,
  work: string,
  say: (line: string) => void,
): Promise<Line> {
  const { perClass, regime, seed } = cell;
  const root = join(work, `job ${Object.values(cell).join(' ')}`.replaceAll(/[^a-z0-9]+/g, '-'));
  try {
    if (regime === 'last-features') {
      throw new Error(
        'Only version 0.1 trains a head on the last features, whatever the others give.',
      );
    }
    const teacher = await teacherChannel(DEFAULT_TEACHER, work, say);
    const train = drawTraining(images, perClass, seed);
    const recipe = recipeFor(cell, train.length);
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

/**
 * The recipe of a cell. The trainer compares the fine-tuned student with the head on what it holds out; then it refits the
 * student on all images, since the calibration has test images of its own. With a test part of 100 images the trainer
 * does without cross-validation, which would take five more fine-tunings.
 */
function recipeFor({ regime, px, perClass, seed }: Cell, images: number): object {
  const share = Math.ceil(1.05 * HELD_OUT * (100 / images)) / 100;
  const isLargeEnough = (perClass === 'all' || perClass >= 50) && share <= 0.4;
  const test = isLargeEnough ? Math.max(0.1, share) : 0.1;
  return { regime, input_px: px, split: { validation: 0.1, test }, refit: true, seed };
}

const HELD_OUT = 100; // images: with fewer, the trainer cross-validates

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
