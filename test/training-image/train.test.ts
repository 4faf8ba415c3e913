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
import { METRIC_DEFINITIONS } from '#core/training-contract.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { type JobRequest, layOutJob } from '#examples/job-folder.ts';
import { createReporter } from '#training-image/job/reporter.ts';
import { train } from '#training-image/train.ts';
import { tintedClasses } from './images.ts';
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

const modelIn = (folder: string) => tf.loadLayersModel(`file://${join(folder, 'model.json')}`);

describe('a training', () => {
  it.each(['zip', 'folder'] as const)('makes a student from a %s of images', async (form) => {
    const folders = await job({ form, files: await tintedClasses([40, 40, 40]) });

    const { card, lines } = await trained(folders);

    expect(card.classes).toEqual(['blue', 'green', 'red']);
    expect(card.metrics.test).toMatchObject({ n: 12, correct: 12 }); // 0.1 of each class
    expect(card.metrics.majorityBaseline).toBeCloseTo(1 / 3);
    expect(card.data.warnings).toEqual([]);
    expect(Object.keys(card.timings)).toEqual([
      'verify',
      'decode',
      'features',
      'head',
      'evaluate',
      'save',
    ]);
    const steps = lines.map((line) => parseProgressLine(line)?.step).filter(Boolean);
    expect([...new Set(steps)]).toEqual(['verify', 'decode', 'features', 'head']);
    for (const { Regex } of METRIC_DEFINITIONS) {
      expect(lines.filter((line) => new RegExp(Regex).test(line))).toHaveLength(1);
    }
  });

  it('writes the digest of every other file into the card', async () => {
    const folders = await job({ form: 'zip', files: await tintedClasses([10, 10]) });

    const { card } = await trained(folders);

    const names = await readdir(folders.model, { recursive: true });
    const files = names.filter((name) => name.includes('.')).sort();
    expect(files).toEqual([
      'README.md',
      'labels.txt',
      'model/model.json',
      'model/weights.bin',
      'resize.mjs',
      'saved_model/saved_model.pb',
      'student.json',
    ]);
    expect(card.files.map(({ path }) => path)).toEqual(files.slice(0, -1));
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
    expect(backbone.flatMap((layer) => layer.getWeights())).toHaveLength(36); // eight convolutions, seven norms
    for (const layer of backbone) {
      const [old, kept] = [layer.getWeights(), after.getLayer(layer.name).getWeights()];
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
    expect(card.metrics.test).toMatchObject({ n: 12, correct: 12 });
    const student = await modelIn(join(folders.model, 'model'));
    expect(student.inputs[0]?.shape).toEqual([null, 64, 64, 3]);
  });

  it('fine-tunes at that size, too', async () => {
    const files = await tintedClasses([10, 10]);
    const folders = await job({ form: 'zip', files, recipe: { input_px: 64, regime: 'blocks:1' } });

    const { card } = await trained(folders);

    expect(card.input.px).toBe(64);
    expect(card.fineTuning?.regime).toBe('blocks:1');
  });

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
