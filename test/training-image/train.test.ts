import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import os, { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StudentCard } from '#core/card.ts';
import { sha256 } from '#core/identity.ts';
import type { MlFolder } from '#core/ml-folder.ts';
import { parseProgressLine } from '#core/progress-line.ts';
import { teacherDigest } from '#core/teacher.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { type Files, type JobRequest, layOutJob } from '#examples/job-folder.ts';
import { createReporter } from '#training-image/job/reporter.ts';
import { train } from '#training-image/train.ts';
import { tinted, tintedClasses } from './images.ts';
import { never } from './quiet.ts';
import { smallTeacher } from './small-teacher.ts';

let root: string;
let teacher: JobRequest['teacher'];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'understudy-train-'));
  const folder = join(root, 'teacher');
  teacher = { folder, entry: await smallTeacher(folder) };
});
afterAll(() => rm(root, { recursive: true, force: true }));

let jobs = 0;
const job = (request: Omit<JobRequest, 'teacher'>) =>
  layOutJob(join(root, `job${++jobs}`), { ...request, teacher });

async function trained(folders: MlFolder): Promise<{ card: StudentCard; lines: string[] }> {
  const lines: string[] = [];
  const report = createReporter((line) => lines.push(line));
  await train(folders, new Map([[teacher.entry.name, teacher.entry]]), report, never);
  const text = await readFile(join(folders.model, 'student.json'), 'utf8');
  return { card: StudentCard.parse(JSON.parse(text)), lines };
}

/** The rows of predictions.csv; no name in these tests needs quotation marks. */
async function predictionsIn(folders: MlFolder) {
  const text = await readFile(join(folders.model, 'predictions.csv'), 'utf8');
  return text
    .trimEnd()
    .split('\r\n')
    .slice(1)
    .map((line) => {
      const [file, label, predicted, confidence, correct, digest] = line.split(',');
      return { file, label, predicted, confidence: Number(confidence), correct, digest };
    });
}

const modelIn = (folder: string) => tf.loadLayersModel(`file://${join(folder, 'model.json')}`);

describe('a training', () => {
  it.each(['zip', 'folder'] as const)('makes a student from a %s of images', async (form) => {
    const folders = await job({ form, files: await tintedClasses([20, 20, 20]) });

    const { card, lines } = await trained(folders);

    expect(card.classes).toEqual(['blue', 'green', 'red']);
    expect(card.freezePlan.used).toBe('head-only');
    expect(card.metrics.majorityBaseline).toBeCloseTo(1 / 3);
    expect(card.data.warnings).toEqual([]);
    expect(Object.keys(card.timings)).toEqual([
      'verify',
      'plan',
      'decode',
      'features',
      'head',
      'evaluate',
      'report',
      'refit',
      'save',
    ]);
    const steps = lines.map((line) => parseProgressLine(line)?.step).filter(Boolean);
    expect([...new Set(steps)]).toEqual([
      'verify',
      'plan',
      'decode',
      'features',
      'head',
      'fit-head',
    ]);
    const testLines = lines.filter((line) => line.startsWith('test_accuracy='));
    expect(testLines).toEqual([`test_accuracy=${card.metrics.test.accuracy.toFixed(6)}`]);
  });

  it('wastes none of a few images: each one tests a head that was fitted without it', async () => {
    const files = await tintedClasses([20, 20, 20]);
    const folders = await job({ form: 'zip', files });

    const { card } = await trained(folders);

    const { test, validation, confusion } = card.metrics;
    expect(test).toMatchObject({ method: 'cross-validation', n: 60, correct: 60 });
    expect(validation).toMatchObject({ n: 60, accuracy: 1 });
    expect(confusion.flat().reduce((sum, each) => sum + each, 0)).toBe(60);
    expect(card.head.examples).toBe(60); // of the student's head
    expect(
      card.data.perClass.map(({ train, validation, test }) => [train, validation, test]),
    ).toEqual([
      [20, 0, 0],
      [20, 0, 0],
      [20, 0, 0],
    ]);
    expect(card.refit).toBe(true);
    const rows = await predictionsIn(folders);
    expect(rows.map(({ file }) => file).sort()).toEqual(Object.keys(files).sort());
    for (const { file = '', label, correct, digest } of rows)
      expect([label, correct, digest]).toEqual([
        file.split('/')[0],
        'true',
        sha256(files[file] ?? ''),
      ]);
  });

  it('says what it measured before it chose what the head is given', async () => {
    const folders = await job({ form: 'zip', files: await tintedClasses([20, 20, 20]) });

    const { card, lines } = await trained(folders);

    expect(card.plan).toMatchObject({
      images: 60,
      candidates: [{ teacher: 'small', px: 16 }],
      tooExpensive: [],
    });
    expect(card.plan?.features.tried.map(({ set }) => set)).toEqual([
      'last',
      'quarters',
      'averages',
      'grid',
      'inner',
      'inner-grid',
    ]);
    expect(card.plan?.perBlock).toHaveLength(7);
    expect(lines.filter((line) => line.startsWith('survey: small at 16 px: '))).toHaveLength(1);
    expect(lines).toContainEqual(expect.stringMatching(/^plan: small at \d+ px, head-only\. ./));
  });

  it('never tests on a class with a single image, but learns it', async () => {
    const files: Files = await tintedClasses([20, 20]);
    const image = await tinted(2, 0);
    for (let copy = 0; copy < 5; copy++) files[`blue/${copy}.png`] = image;
    const folders = await job({ form: 'zip', files, recipe: { regime: 'head-only' } });

    const { card } = await trained(folders);

    expect(card.metrics.test.n).toBe(40);
    expect(card.head.examples).toBe(45);
    expect(card.metrics.perClass.map(({ name, n }) => [name, n])).toEqual([
      ['blue', 0],
      ['green', 20],
      ['red', 20],
    ]);
    expect(card.data.warnings.join()).toContain('"blue"');
  });

  it('tests each copy of an image on a head that has seen none of them', async () => {
    // Noise that carries no class: a copy on the other side would be recognised.
    const files: Record<string, Buffer> = {};
    for (let i = 0; i < 40; i++) {
      const image = await tinted(0, i);
      for (const copy of ['a', 'b', 'c'])
        files[`${i % 2 ? 'odd' : 'even'}/${i}${copy}.png`] = image;
    }
    const folders = await job({ form: 'zip', files, recipe: { regime: 'head-only' } });

    const { card } = await trained(folders);

    expect(card.metrics.test).toMatchObject({ method: 'cross-validation', n: 120 });
    expect(card.metrics.test.accuracy).toBeLessThan(0.75); // 0.5 is chance
    expect(card.plan?.images).toBe(40); // the plan looks at each content once
    expect(card.data.warnings.join()).toContain('80 images are copies of others');
    const rows = await predictionsIn(folders);
    const wrong = rows.filter(({ correct }) => correct === 'false');
    expect(rows).toHaveLength(120);
    expect(rows.length - wrong.length).toBe(card.metrics.test.correct);
    expect(rows.slice(0, wrong.length)).toEqual(wrong);
    expect(wrong.every(({ label, predicted }) => label !== predicted)).toBe(true);
    const confidences = wrong.map(({ confidence }) => confidence);
    expect(confidences).toEqual([...confidences].sort((a, b) => b - a));
  });

  it('writes the digest of every other file into the card', async () => {
    const folders = await job({ form: 'zip', files: await tintedClasses([10, 10]) });

    const { card } = await trained(folders);

    const names = await readdir(folders.model, { recursive: true });
    const files = names.filter((name) => name.includes('.')).sort();
    expect(files).toEqual([
      'README.md',
      'index.html',
      'labels.txt',
      'model/model.json',
      'model/weights.bin',
      'package.json',
      'predict.mjs',
      'predict.py',
      'predictions.csv',
      'report.html',
      'resize.mjs',
      'saved_model/saved_model.pb',
      'student.json',
      'suspects.csv',
    ]);
    expect(card.files.map(({ path }) => path)).toEqual(
      files.filter((each) => each !== 'student.json'),
    );
    for (const { path, bytes, sha256: digest } of card.files) {
      const content = await readFile(join(folders.model, path));
      expect([content.length, sha256(content)]).toEqual([bytes, digest]);
    }
    expect(await readFile(join(folders.model, 'labels.txt'), 'utf8')).toBe('green\nred\n');
  });

  it('leaves the teacher’s weights bit-identical in the student', async () => {
    const folders = await job({ form: 'zip', files: await tintedClasses([10, 10]) });

    await trained(folders);

    const [before, after] = [
      await modelIn(teacher.folder),
      await modelIn(join(folders.model, 'model')),
    ];
    const backbone = before.layers.filter(({ name }) => name !== 'classifier');
    expect(backbone.flatMap((layer) => layer.getWeights())).toHaveLength(56); // twelve convolutions, eleven norms
    const inStudent = new Map(after.layers.map((layer) => [layer.name, layer]));
    // The student ends with the last block that the head is given.
    const kept = backbone.filter(({ name }) => inStudent.has(name));
    expect(kept.length).toBeGreaterThan(20);
    for (const layer of kept) {
      const [old, kept] = [layer.getWeights(), inStudent.get(layer.name)?.getWeights() ?? []];
      const values = (tensors: tf.Tensor[]) => tensors.map((each) => each.dataSync());
      expect(values(kept)).toEqual(values(old));
    }
  });

  it('warns that rare classes have larger weights, and says how large', async () => {
    const folders = await job({ form: 'zip', files: await tintedClasses([40, 20, 10]) });

    const { card } = await trained(folders);

    expect(card.head.classWeights.map((each) => each.toFixed(2))).toEqual(['2.33', '1.17', '0.58']);
    expect(card.data.warnings.join()).toContain('by 0.58 ("red") to 2.33 ("blue")');
  });

  it('makes a student for images of the size that the recipe asks for', async () => {
    const files = await tintedClasses([40, 40, 40]);
    const folders = await job({ form: 'zip', files, recipe: { input_px: 64 } });

    const { card } = await trained(folders);

    expect(card.input.px).toBe(64);
    expect(card.teacher.modelSha256).toBe(teacherDigest(teacher.entry));
    expect(card.metrics.test).toMatchObject({ n: 120, correct: 120 });
    const student = await modelIn(join(folders.model, 'model'));
    expect(student.inputs[0]?.shape).toEqual([null, 64, 64, 3]);
  });

  it('fine-tunes at that size, too', async () => {
    const files = await tintedClasses([10, 10]);
    const folders = await job({ form: 'zip', files, recipe: { input_px: 64, regime: 'blocks:1' } });

    const { card } = await trained(folders);

    expect(card.input.px).toBe(64);
    expect(card.fineTuning?.regime).toBe('blocks:1');
  }, 120_000); // a fine-tuning for each fold, and one on all images

  it('takes any teacher that came with the job', async () => {
    const brought = join(root, 'brought');
    await cp(teacher.folder, join(brought, teacher.entry.name), { recursive: true });
    const folders = await layOutJob(join(root, `job${++jobs}`), {
      form: 'zip',
      files: await tintedClasses([10, 10]),
      recipe: { teacher: 'auto' },
      teacher: { entry: teacher.entry, folder: brought },
    });

    const { card } = await trained(folders);

    expect(card.teacher.name).toBe(teacher.entry.name);
  });

  it('keeps its features when it is relaunched on an instance with another processor', async () => {
    const folders = await job({ form: 'zip', files: await tintedClasses([10, 10]) });
    await trained(folders);
    const before = await readdir(folders.checkpoints);
    const { cpus } = os;
    const [cpu] = cpus();
    if (!cpu) throw new Error('there is no processor');
    os.cpus = () => [{ ...cpu, model: 'another' }];
    syncBuiltinESMExports();
    try {
      const { card } = await trained(folders);

      expect(card.environment.device).toBe('CPU: another, 1 cores');
      expect(await readdir(folders.checkpoints)).toEqual(before);
    } finally {
      os.cpus = cpus;
      syncBuiltinESMExports();
    }
  });

  it('disposes of every tensor', async () => {
    const folders = await job({ form: 'zip', files: await tintedClasses([10, 10]) });
    const before = tf.memory().numTensors;

    await trained(folders);

    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a training with images enough to hold some out', () => {
  let files: Files;
  beforeAll(async () => {
    files = await tintedClasses([350, 350, 350]);
  }, 120_000);

  const trainings = new Map<string, { card: StudentCard; folders: MlFolder }>();
  async function trainedBy(recipe: object): Promise<{ card: StudentCard; folders: MlFolder }> {
    const key = JSON.stringify(recipe);
    const known = trainings.get(key);
    if (known) return known;
    const folders = await job({ form: 'zip', files, recipe });
    const { card } = await trained(folders);
    trainings.set(key, { card, folders });
    return { card, folders };
  }
  const cardFor = async (recipe: object) => (await trainedBy(recipe)).card;

  it('tests on a part that nothing else looks at', { timeout: 120_000 }, async () => {
    const { metrics, data, plan } = await cardFor({ refit: false });

    expect(metrics.test).toMatchObject({ method: 'hold-out', n: 105 });
    expect(metrics.validation.n).toBe(105);
    expect(data.perClass.map(({ train, validation, test }) => [train, validation, test])).toEqual([
      [280, 35, 35],
      [280, 35, 35],
      [280, 35, 35],
    ]);
    expect(plan?.images).toBe(400);
  });

  it('writes what it answered for that part', { timeout: 240_000 }, async () => {
    const { card, folders } = await trainedBy({ refit: false });

    const rows = await predictionsIn(folders);
    expect(rows).toHaveLength(105);
    expect(rows.filter(({ correct }) => correct === 'true')).toHaveLength(
      card.metrics.test.correct,
    );
    for (const { file = '', digest } of rows) expect(digest).toBe(sha256(files[file] ?? ''));
    const refitted = await trainedBy({}); // the same test: the file is of the student before that
    expect(await predictionsIn(refitted.folders)).toEqual(rows);
  });

  it.each([
    [{ refit: false }, false, 945],
    [{ refit: true }, true, 1050],
    [{}, true, 1050], // a head is fitted again unless the recipe forbids it
  ])(
    'refits the head on all images after the test, as the recipe says: %j',
    { timeout: 120_000 },
    async (recipe, refit, examples) => {
      const card = await cardFor(recipe);

      expect(card.refit).toBe(refit);
      expect(card.head.examples).toBe(examples);
      // The figures are of the student before that.
      expect(card.metrics).toEqual((await cardFor({ refit: false })).metrics);
    },
  );

  it.each([
    [{}, false], // a fine-tuned student is not trained again unless the recipe asks for it
    [{ refit: true }, true],
  ])(
    'refits a fine-tuned student if asked to: %j',
    { timeout: 240_000 },
    async (refit, expected) => {
      const card = await cardFor({ regime: 'blocks:1', augmentation: 'none', ...refit });

      expect(card.metrics.test).toMatchObject({ method: 'hold-out', n: 105 });
      expect(card.fineTuning).toMatchObject({ regime: 'blocks:1', splits: 1, examples: 840 });
      const isTuned = card.freezePlan.used === 'blocks:1';
      expect(card.refit).toBe(expected || !isTuned);
    },
  );
});
