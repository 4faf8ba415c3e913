import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StudentCard } from '#core/card.ts';
import type { Job } from '#core/job.ts';
import { understudy } from './commands.ts';
import { digitFolders } from './mnist.ts';

const MINUTES = 60_000;
let folder: string;
let state: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-'));
  state = join(folder, 'state');
  await digitFolders(join(folder, 'digits'), 300);
  // The way of a dataset is tested here, not the plan, which may spend all of its ten minutes.
  const recipe = { regime: 'head-only', teacher: 'efficientnet-lite0', input_px: 96 };
  await writeFile(join(folder, 'digits', 'dataset.json'), JSON.stringify(recipe));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a folder of images, with nothing running', () => {
  it(
    'becomes a student far better than chance by one command',
    async () => {
      const { exit, stdout, stderr } = await understudy(
        state,
        'train',
        join(folder, 'digits'),
        '--json',
      );

      expect(stderr).toContain('Validate: 10 classes, 300 images');
      expect(exit).toBe(0);
      const { job, student } = JSON.parse(stdout) as { job: Job; student: unknown };
      const { metrics, freezePlan } = StudentCard.parse(student);
      expect(job.history.map((each) => each.state)).toEqual([
        'received',
        'validated',
        'launching',
        'training',
        'trained',
        'published',
      ]);
      expect(metrics.test.n).toBeGreaterThanOrEqual(25);
      expect(metrics.test.accuracy).toBeGreaterThan(0.5); // chance is 0.1
      expect(freezePlan.used).toBe('head-only');
    },
    5 * MINUTES,
  );

  it(
    'is the same job when it is dropped again, and costs no second training',
    async () => {
      const { exit, stdout, stderr } = await understudy(
        state,
        'train',
        join(folder, 'digits'),
        '--json',
      );

      expect(exit).toBe(0);
      expect(stderr).toContain('was processed before');
      expect(JSON.parse(stdout).job.run.attempt).toBe(1);
      const { stdout: list } = await understudy(state, 'list', '--json');
      expect(JSON.parse(list)).toHaveLength(1);
    },
    2 * MINUTES,
  );

  it(
    'is trained again if that is asked for, as a second version beside the first',
    async () => {
      const digits = join(folder, 'digits');
      const forced = await understudy(state, 'train', digits, '--force', '--json');

      expect(forced.exit).toBe(0);
      expect(forced.stderr).not.toContain('was processed before');
      const { job, student } = JSON.parse(forced.stdout);
      const { n, correct } = student.metrics.test;
      expect(job.progress).toMatchObject({ state: 'published', number: 2 });
      // The same images and the same seed: the same answers.
      expect(student.comparison).toEqual({
        with: { number: 1, version: expect.stringMatching(/^[0-9a-f]{12}$/) },
        n,
        correct,
        correctBefore: correct,
        p: 1,
      });

      const { stdout: list } = await understudy(state, 'list');
      expect(list).toMatch(new RegExp(`^digits/v2 +${student.version} +latest `, 'm'));
      expect(list).toMatch(/^digits\/v1 +[0-9a-f]{12} +10 /m);
      const { stdout: report } = await understudy(state, 'report', 'digits/v2');
      expect(report).toContain(`v2: ${correct} of ${n}; v1 on the same ${n} images: ${correct}.`);

      const plain = await understudy(state, 'train', digits);
      expect(plain.stderr).toContain(`as digits v2 (${student.version}); showing that result.`);
    },
    5 * MINUTES,
  );

  it(
    'gives a student that can be asked, listed and taken away',
    async () => {
      const [image = ''] = await readdir(join(folder, 'digits', '7'));
      const asked = await understudy(
        state,
        'predict',
        'digits',
        join(folder, 'digits', '7', image),
        '--json',
      );
      expect(asked.exit).toBe(0);
      const [answer] = JSON.parse(asked.stdout);
      expect(answer.label).toBe('7');
      expect(answer).toMatchObject({ student: 'digits', number: 2 });
      expect(asked.stderr).toMatch(/^digits v2 \([0-9a-f]{12}\), \d+ of \d+ right in its test/m);
      const total = Object.values<number>(answer.probabilities).reduce(
        (sum, each) => sum + each,
        0,
      );
      expect(total).toBeCloseTo(1, 4);

      const taken = join(folder, 'taken');
      const downloaded = await understudy(state, 'download', 'digits', taken);
      expect(downloaded.exit).toBe(0);
      const card = StudentCard.parse(
        JSON.parse(await readFile(join(taken, 'student.json'), 'utf8')),
      );
      for (const { path, bytes } of card.files) {
        expect((await readFile(join(taken, path))).length).toBe(bytes);
      }
    },
    2 * MINUTES,
  );

  it(
    'is told what is wrong with it, all at once, when it is no dataset',
    async () => {
      await digitFolders(join(folder, 'broken'), 20);
      await writeFile(join(folder, 'broken', '0', 'notes.png'), 'these are no pixels');
      await writeFile(join(folder, 'broken', '1', 'empty.png'), '');

      const { exit, stderr, stdout } = await understudy(state, 'train', join(folder, 'broken'));

      expect(exit).toBe(3);
      expect(stdout).toBe('');
      expect(stderr).toContain('0/notes.png');
      expect(stderr).toContain('1/empty.png');
      expect(stderr).not.toContain('    at '); // no stack trace
    },
    2 * MINUTES,
  );
});
