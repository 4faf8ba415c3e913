import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StudentCard } from '#core/card.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { layOutJob } from '#examples/job-folder.ts';
import { decodeImage } from '#training-image/data/decode-image.ts';
import { PACKAGES } from '#training-image/student/save-student.ts';
import { studentReadme } from '#training-image/student/student-readme.ts';
import { train } from '#training-image/train.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { aCard, aFineTuning, anOldCard, crossValidated } from '../../cards.ts';
import { tinted, tintedClasses } from '../images.ts';
import { never, quiet } from '../quiet.ts';
import { SMALL_PX, smallTeacher } from '../small-teacher.ts';

const NODE_MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));

let root: string;
let student: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'understudy-readme-'));
  const folder = join(root, 'teacher');
  const entry = await smallTeacher(folder);
  const files = await tintedClasses([20, 20, 20]);
  const folders = await layOutJob(join(root, 'job'), {
    form: 'zip',
    files,
    teacher: { entry, folder },
  });
  await train(folders, new Map([[entry.name, entry]]), quiet, never);

  student = join(root, 'student'); // alone, as somebody downloaded it
  await cp(folders.model, student, { recursive: true });
  await mkdir(join(student, 'node_modules', '@tensorflow'), { recursive: true });
  for (const name of ['@tensorflow/tfjs', 'sharp']) {
    await symlink(join(NODE_MODULES, name), join(student, 'node_modules', name), 'junction');
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('the program for Node in a student’s folder', () => {
  it('answers with plain tfjs as the student was measured, on all images', {
    timeout: 120_000,
  }, async () => {
    const images: string[] = [];
    for (const label of [0, 1, 2]) {
      for (let seed = 100; seed < 120; seed++) {
        const file = join(student, `${label}-${seed}.png`);
        await writeFile(file, await tinted(label, seed)); // of which it has seen none
        images.push(file);
      }
    }

    const program = join(student, 'predict.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...images], {
      cwd: root, // it finds its files from anywhere
    });

    const answers = stdout.trimEnd().split('\n');
    expect(answers).toHaveLength(images.length);
    const labels = ['blue', 'green', 'red'];
    const model = await tf.loadLayersModel(`file://${join(student, 'model', 'model.json')}`);
    const card = StudentCard.parse(
      JSON.parse(await readFile(join(student, 'student.json'), 'utf8')),
    );
    const { temperature } = card.metrics.calibration;
    for (const [i, file] of images.entries()) {
      const pixels = await decodeImage(await readFile(file), SMALL_PX);
      const probabilities = tf.tidy(() => {
        const image = tf.tensor(new Float32Array(pixels), [1, SMALL_PX, SMALL_PX, 3]);
        return tf.softmax(tf.div(model.predict(image) as tf.Tensor2D, temperature)).dataSync();
      });
      const best = probabilities.indexOf(Math.max(...probabilities));
      const [name, label, probability] = (answers[i] ?? '').split(' ');
      expect([name, label]).toEqual([file, labels[best]]);
      expect(Math.abs(Number(probability) - (probabilities[best] ?? 0))).toBeLessThan(2e-3); // three digits
    }
  });
});

it('names what it cannot read, and goes on', { timeout: 120_000 }, async () => {
  const [good, bad] = [join(student, 'good.png'), join(student, 'bad.png')];
  await writeFile(good, await tinted(0, 200));
  await writeFile(bad, 'hello');

  const ended = promisify(execFile)(process.execPath, [join(student, 'predict.mjs'), bad, good]);

  await expect(ended).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringContaining(good),
    stderr: expect.stringContaining(`${bad} cannot be read as an image.`),
  });
});

describe('the page for browsers in a student’s folder', () => {
  const page = () => readFile(join(student, 'index.html'), 'utf8');

  it('resizes by the student’s own file, which is the trainer’s', async () => {
    expect(await page()).toContain("import('./resize.mjs')");
    const trainers = new URL('../../../training-image/data/resize.mjs', import.meta.url);
    expect(await readFile(join(student, 'resize.mjs'))).toEqual(await readFile(trainers));
  });

  it('is a module without a mistake of syntax', async () => {
    const script = /<script type="module">([\s\S]*)<\/script>/.exec(await page())?.[1] ?? '';
    expect(script).toContain('classify');
    await writeFile(join(student, 'page.mjs'), script);

    await promisify(execFile)(process.execPath, ['--check', 'page.mjs'], { cwd: student });
  });

  it('asks no other server for anything', async () => {
    expect(await page()).not.toMatch(/https?:|src="\/\//);
  });
});

describe('the packages that a student’s programs need', () => {
  it('are those that this project was tested with', async () => {
    const { dependencies } = JSON.parse(await readFile(join(student, 'package.json'), 'utf8'));

    expect(dependencies).toEqual(PACKAGES);
    expect(packageJson.dependencies).toMatchObject(PACKAGES);
  });

  it('are named in a README that tells how to run them', async () => {
    const readme = await readFile(join(student, 'README.md'), 'utf8');

    for (const command of ['npm install\nnode predict.mjs', 'npm install\npython3 -m http.server'])
      expect(readme).toContain(command);
  });
});

describe('what a student’s README says of it', () => {
  it('is how it was judged, and that it was refitted afterwards', async () => {
    const card = aCard();
    const metrics = crossValidated(card.metrics, [0.95]);

    const heldOut = studentReadme(card, true);
    const crossed = studentReadme({ ...card, metrics }, true);

    expect(heldOut).toMatch(/Its accuracy on \d+ held-out test images is [\d.]+% /);
    expect(heldOut).toContain('The figures are of the student before that.');
    expect(crossed).toContain('Its accuracy in 5-fold cross-validation of 90 images is ');
    expect(crossed).toContain('Each image was classified by a student trained without it.');
  });

  it('is which answers are in predictions.csv', async () => {
    const card = aCard({ refit: true });
    const folds = (accuracies: number[]) => ({
      ...card,
      metrics: crossValidated(card.metrics, accuracies),
    });
    const about = async (each: typeof card) =>
      /- `predictions\.csv`: (.*)/.exec(studentReadme(each, false))?.[1];

    const order = ', the wrong ones first, the most confident at the top.';
    expect(await about(card)).toBe(
      `the answer for every test image, of the student before it learned from those too${order}`,
    );
    expect(await about({ ...card, refit: false })).toBe(`the answer for every test image${order}`);
    expect(await about(folds([0.9]))).toBe(
      `the answer for every image in the cross-validation${order}`,
    );
    expect(await about(folds([0.9, 0.8, 0.9]))).toBe(
      `the answer for every image in the first round of the cross-validation${order}`,
    );
  });

  it('is the plan with its reasons, and what was trained', async () => {
    const text = studentReadme(aCard({ fineTuning: aFineTuning() }), false);

    expect(text).toContain(
      '- The teacher is efficientnet-lite0 (Apache-2.0), at 160 × 160 pixels.',
    );
    expect(text).toContain('- The head is given the averages of all blocks: 84.2%');
    expect(text).toContain('Of the blocks, number 6 of 7 suits the images best (κ 0.80).');
    expect(text).toContain('- Trained: head only; ');
    expect(text).toContain('Images were mirrored: ');
    expect(text).not.toMatch(/undefined|NaN|\n\n\n/);
  });

  it('is less without a plan', async () => {
    const text = studentReadme(anOldCard(), false);

    expect(text).toContain('- The teacher is efficientnet-lite0');
    expect(text).not.toMatch(/undefined|NaN|Similarity|\n\n\n/);
  });
});
