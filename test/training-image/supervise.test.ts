import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPORT_FILE } from '#core/keys.ts';
import { type MlFolder, mlFolder } from '#core/ml-folder.ts';
import { parseFailure } from '#core/training-contract.ts';
import { type Files, type JobRequest, layOutJob } from '#examples/job-folder.ts';
import { mulberry32 } from '#training-image/data/seeded-random.ts';
import { tinted, tintedClasses } from './images.ts';
import { smallTeacher } from './small-teacher.ts';
import { startTrainer } from './trainer-process.ts';

const STEPS = ['verify', 'plan', 'decode', 'features', 'head'];
const LONG = 120_000; // ms; each start of a trainer takes seconds where the processors are shared

let root: string;
let teacher: JobRequest['teacher'];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'understudy-run-'));
  const folder = join(root, 'teacher');
  teacher = { folder, entry: await smallTeacher(folder) };
});
afterAll(() => rm(root, { recursive: true, force: true }));

let jobs = 0;
const job = (files: Files, form: JobRequest['form'] = 'zip', recipe: object = {}) =>
  layOutJob(join(root, `job${++jobs}`), { form, files, teacher, recipe });

async function copyOf(folders: MlFolder): Promise<MlFolder> {
  const copy = mlFolder(join(root, `job${++jobs}`));
  await cp(folders.root, copy.root, { recursive: true });
  return copy;
}

/** Every file of a student, in hex, but for what says when and how fast it was made. */
async function studentIn({ model }: MlFolder): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const name of await readdir(model, { recursive: true })) {
    const bytes = await readFile(join(model, name)).catch(() => undefined); // a folder
    if (bytes) files[name] = bytes.toString('hex');
  }
  const card = JSON.parse(await readFile(join(model, 'student.json'), 'utf8'));
  for (const each of card.plan.candidates) each.secondsPerImage = 0;
  card.plan.seconds = 0;
  card.files = card.files.filter(({ path }: { path: string }) => path !== REPORT_FILE);
  files['student.json'] = JSON.stringify({ ...card, createdAt: '', timings: {} });
  files[REPORT_FILE] = withoutTimes(await readFile(join(model, REPORT_FILE), 'utf8'));
  return files;
}

/** The report but for dates and durations. */
const withoutTimes = (page: string): string =>
  page
    .replace(/aria-label="Seconds by step">.*?<\/table>/s, '')
    .replaceAll(/\d[\d.,]* (ms|s|min|h)\b/g, '')
    .replaceAll(/\d+ [A-Z][a-z]+ \d{4}/g, '');

describe('the trainer’s program', () => {
  it('ends with 0, says how far it is, and writes nothing to stderr', {
    timeout: LONG,
  }, async () => {
    const folders = await job(await tintedClasses([10, 10]));

    const { exit, lines, stderr, failure } = await startTrainer(folders).ended;

    expect({ exit, failure, stderr }).toEqual({ exit: 0, failure: undefined, stderr: '' });
    expect(lines).toContain('step=features done=20 of=20');
    expect(lines).toContainEqual(expect.stringMatching(/^test_accuracy=1\.0+$/));
    expect(await readdir(folders.model)).toContain('student.json');
    expect(await readdir(folders.root)).not.toContain('scratch');
  });

  it('makes the same student of the same data again, to the last bit', {
    timeout: LONG,
  }, async () => {
    const first = await job(await tintedClasses([30, 30, 30]));
    const second = await copyOf(first);

    await startTrainer(first).ended;
    await startTrainer(second).ended;

    expect(await studentIn(second)).toEqual(await studentIn(first));
  });

  it('makes the same student after a SIGTERM in any step', { timeout: 3 * LONG }, async () => {
    const undisturbed = await job(await manyImages());
    const interrupted = await copyOf(undisturbed);
    await startTrainer(undisturbed).ended;

    for (const step of STEPS) {
      const trainer = startTrainer(interrupted);
      await trainer.says(new RegExp(`^step=${step} `));
      const asked = Date.now();
      trainer.kill('SIGTERM');
      const { exit, failure } = await trainer.ended;

      expect({ step, exit, failure }).toEqual({ step, exit: 143, failure: undefined });
      expect(Date.now() - asked).toBeLessThan(30_000); // Docker's patience
      expect(await readdir(interrupted.model)).not.toContain('student.json');
    }
    const { exit } = await startTrainer(interrupted).ended;

    expect(exit).toBe(0);
    expect(await studentIn(interrupted)).toEqual(await studentIn(undisturbed));
  });

  it('makes the same student after kills at any moment', { timeout: 5 * LONG }, async () => {
    const undisturbed = await job(await manyImages());
    const killed = await copyOf(undisturbed);
    await startTrainer(undisturbed).ended;
    const random = mulberry32(7); // always the same moments; `npm run torture` draws others

    const moments: string[] = [];
    for (let kills = 0; kills < 5; kills++) {
      const trainer = startTrainer(killed);
      const step = STEPS[Math.floor(STEPS.length * random())];
      await trainer.says(new RegExp(`^step=${step} `));
      await pause(500 * random());
      trainer.kill('SIGKILL');
      const { exit } = await trainer.ended;
      moments.push(`${step} ${exit}`);
    }
    const { exit } = await startTrainer(killed).ended;

    expect({ exit, moments }).toMatchObject({ exit: 0 });
    expect(await studentIn(killed)).toEqual(await studentIn(undisturbed));
  });

  it.each(['blocks:2', 'full'])(
    'makes the same student after a SIGTERM and a kill while it retrains %s',
    { timeout: 3 * LONG },
    async (regime) => {
      const undisturbed = await job(await tintedClasses([40, 40, 40]), 'zip', { regime });
      const disturbed = await copyOf(undisturbed);
      await startTrainer(undisturbed).ended;

      for (const [signal, epoch, exit] of [
        ['SIGTERM', 1, 143],
        ['SIGKILL', 3, null],
      ] as const) {
        const trainer = startTrainer(disturbed);
        await trainer.says(new RegExp(`^epoch=${epoch} `));
        trainer.kill(signal);
        const ended = await trainer.ended;

        expect({ exit: ended.exit, failure: ended.failure }).toEqual({ exit, failure: undefined });
      }
      const { lines } = await startTrainer(disturbed).ended;

      const epochs = lines.filter((line) => line.startsWith('epoch='));
      expect(epochs[0]).not.toMatch(/^epoch=[12] /); // it has resumed
      expect(await studentIn(disturbed)).toEqual(await studentIn(undisturbed));
    },
  );

  it('does not compute finished features again', { timeout: LONG }, async () => {
    const folders = await job(await manyImages());
    const first = startTrainer(folders);
    await first.says(/^step=head/);
    first.kill('SIGTERM');
    await first.ended;

    const { lines } = await startTrainer(folders).ended;

    expect(lines.filter((line) => line.startsWith('step=features'))).toEqual([
      'step=features done=600 of=600',
    ]);
  });

  it('goes on decoding where a kill has ended it', { timeout: 2 * LONG }, async () => {
    const undisturbed = await job(await manyImages());
    const killed = await copyOf(undisturbed);
    await startTrainer(undisturbed).ended;
    const first = startTrainer(killed);
    await first.says(/^step=decode /);
    while ((await shardsDecoded(killed)) === 0) await pause(1);
    first.kill('SIGKILL');
    await first.ended;
    const decoded = Math.min(600, 256 * (await shardsDecoded(killed)));

    const { exit, lines } = await startTrainer(killed).ended;

    const [decode] = lines.filter((line) => line.startsWith('step=decode'));
    expect({ exit, decode }).toEqual({ exit: 0, decode: `step=decode done=${decoded} of=600` });
    expect(await studentIn(killed)).toEqual(await studentIn(undisturbed));
    expect(await readdir(killed.root)).not.toContain('scratch');
  });

  it('keeps the plan of an interrupted run, and measures nothing again', {
    timeout: LONG,
  }, async () => {
    const folders = await job(await manyImages());
    const first = startTrainer(folders);
    await first.says(/^step=features/);
    first.kill('SIGKILL');
    const before = await first.ended;

    const { exit, lines } = await startTrainer(folders).ended;

    expect(exit).toBe(0);
    expect(before.lines.filter((line) => line.startsWith('survey: '))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('survey: '))).toEqual([]);
    const { plan } = JSON.parse(await readFile(join(folders.model, 'student.json'), 'utf8'));
    expect(plan.candidates).toHaveLength(1);
  });

  it('makes a damaged plan anew', { timeout: LONG }, async () => {
    const undisturbed = await job(await tintedClasses([10, 10]));
    const damaged = await copyOf(undisturbed);
    await startTrainer(undisturbed).ended;
    await startTrainer(damaged).ended;
    const names = await readdir(damaged.checkpoints);
    const plan = join(
      damaged.checkpoints,
      names.find((name) => name.startsWith('plan-')) ?? '',
      'plan',
    );
    const bytes = await readFile(plan);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await writeFile(plan, bytes);

    const { lines } = await startTrainer(damaged).ended;

    expect(lines.filter((line) => line.startsWith('survey: '))).toHaveLength(1);
    expect(await studentIn(damaged)).toEqual(await studentIn(undisturbed));
  });

  it('computes a shard again that was damaged or is half written', { timeout: LONG }, async () => {
    const undisturbed = await job(await manyImages());
    const damaged = await copyOf(undisturbed);
    await startTrainer(undisturbed).ended;
    await startTrainer(damaged).ended;
    const names = await readdir(damaged.checkpoints);
    const name = names.find((each) => each.startsWith('features-')) ?? '';
    const shards = join(damaged.checkpoints, name);
    const bytes = await readFile(join(shards, '0.f32'));
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    await writeFile(join(shards, '0.f32'), bytes);
    await writeFile(join(shards, '1.f32'), bytes.subarray(0, 5000));
    await rm(join(shards, '2.f32'));
    await writeFile(join(shards, '2.f32.tmp'), bytes);

    await startTrainer(damaged).ended;

    expect(await studentIn(damaged)).toEqual(await studentIn(undisturbed));
  });

  it('takes no features of other images for its own', { timeout: LONG }, async () => {
    const headOnly = { regime: 'head-only' };
    const one = await job(await tintedClasses([10, 10]), 'zip', headOnly);
    const files = { ...(await tintedClasses([10, 9])), 'green/other.png': await tinted(1, 99) };
    const other = await job(files, 'zip', headOnly);
    const fresh = await copyOf(other);
    await startTrainer(one).ended;
    await cp(one.checkpoints, other.checkpoints, { recursive: true });

    await startTrainer(other).ended;
    await startTrainer(fresh).ended;

    expect(await studentIn(other)).toEqual(await studentIn(fresh));
    const kinds = (await readdir(other.checkpoints)).map((name) => name.split('-')[0]);
    expect(kinds.sort()).toEqual(['copies', 'features', 'plan']); // the stale ones are gone
  });
});

/** Three shards of images. */
/** How many shards of decoded images are complete. */
async function shardsDecoded({ root }: MlFolder): Promise<number> {
  const names = await readdir(join(root, 'scratch'), { recursive: true }).catch(() => []);
  return names.filter((name) => name.endsWith('.sha256')).length;
}

const manyImages = () => tintedClasses([300, 300]);

/** The same PNG with zeros among its pixels, which only decoding shows. */
const damaged = (png: Buffer): Buffer => {
  const at = png.indexOf('IDAT') + 10;
  return Buffer.from(png).fill(0, at, at + 200);
};

describe('the failure file', () => {
  it('names every broken image, and no training begins', { timeout: LONG }, async () => {
    const files = await tintedClasses([10, 10]);
    const broken = { 'red/cut.png': await tinted(0, 50), 'green/cut too.png': await tinted(1, 50) };
    for (const [path, bytes] of Object.entries(broken)) files[path] = damaged(bytes);
    const folders = await job(files);

    const { exit, failure, lines } = await startTrainer(folders).ended;

    expect(exit).toBe(1);
    expect(failure).toContain('Each of 2 files is damaged');
    expect(failure).toContain('red/cut.png');
    expect(failure).toContain('green/cut too.png');
    const listed = JSON.parse(
      await readFile(join(folders.checkpoints, 'broken-files.json'), 'utf8'),
    );
    expect(listed.map(({ file }: { file: string }) => file).sort()).toEqual([
      'green/cut too.png',
      'red/cut.png',
    ]);
    expect(parseFailure(`AlgorithmError: ${failure}, exit code: 1`).code).toBe('VALIDATION_FAILED');
    expect(lines.join()).not.toContain('step=features');
    expect(await readdir(folders.model)).toEqual([]);
  });
});
