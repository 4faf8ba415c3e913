import { mkdirSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '#core/identity.ts';
import { MODEL_FILE, type TeacherEntry } from '#core/teacher.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { WEIGHTS_FILE } from '#teachers/layers-model.ts';
import { lastFeatures, layersOf } from '#training-image/features/feature-sets.ts';
import {
  availableTeachers,
  loadTeacher,
  OWN_TEACHERS,
} from '#training-image/features/load-teacher.ts';
import { openBackbone } from '#training-image/features/open-backbone.ts';
import { chain, modelFiles, network, SIDE } from '../../engine/networks.ts';
import { SMALL_PX, smallTeacher } from '../small-teacher.ts';

let root: string;
let channel: string; // as SageMaker fills it; not there unless a test makes it
let own: string; // the teachers of the image
let entry: TeacherEntry;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'understudy-teachers-'));
  channel = join(root, 'channel');
  own = join(root, 'own');
  entry = await smallTeacher(join(own, 'small'));
});
afterEach(async () => {
  delete process.env[OWN_TEACHERS];
  await rm(channel, { recursive: true, force: true });
});
afterAll(() => rm(root, { recursive: true, force: true }));

const changed = { code: 'TEACHER_CHANGED' };

async function load(): Promise<string> {
  const { digest, model } = await loadTeacher(channel, entry);
  model.dispose();
  return digest;
}

async function flipBit(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

describe('loadTeacher', () => {
  it('takes the image’s own where the job brings none', async () => {
    process.env[OWN_TEACHERS] = own;

    expect(await load()).toMatch(/^[0-9a-f]{64}$/);
  });

  it('takes the one that the job brings, where the image has none', async () => {
    await cp(join(own, 'small'), channel, { recursive: true });
    process.env[OWN_TEACHERS] = join(root, 'nowhere');

    expect(await load()).toMatch(/^[0-9a-f]{64}$/);
  });

  it('takes the one in a folder of its name, where the job brings several', async () => {
    await cp(own, channel, { recursive: true });
    await cp(join(own, 'small'), join(channel, 'other'), { recursive: true });

    expect(await load()).toMatch(/^[0-9a-f]{64}$/);
  });

  it('knows it by its digests, where no teacher.json says which one it is', async () => {
    await cp(join(own, 'small'), channel, { recursive: true });
    await rm(join(channel, 'teacher.json'));

    expect(await load()).toMatch(/^[0-9a-f]{64}$/);
  });

  it('does not cover up a wrong one in the channel with its own', async () => {
    process.env[OWN_TEACHERS] = own;
    await cp(join(own, 'small'), channel, { recursive: true });
    await flipBit(join(channel, WEIGHTS_FILE));

    await expect(load()).rejects.toMatchObject(changed);
  });

  it('does not cover up an empty channel with its own', async () => {
    process.env[OWN_TEACHERS] = own;
    await mkdir(channel);

    await expect(load()).rejects.toMatchObject(changed);
  });

  it('does not take its own unseen', async () => {
    const damaged = join(root, 'damaged');
    await cp(own, damaged, { recursive: true });
    await flipBit(join(damaged, 'small', WEIGHTS_FILE));
    process.env[OWN_TEACHERS] = damaged;

    await expect(load()).rejects.toMatchObject(changed);
  });

  it.each([
    [
      'the channel has others',
      () => {
        mkdirSync(join(channel, 'other'), { recursive: true });
        return undefined;
      },
      'The job\'s teacher channel does not contain "small".',
    ],
    [
      'the image has others',
      () => root,
      'The job has no teacher channel, and its image does not contain "small".',
    ],
    [
      'there is no image',
      () => undefined,
      'The job has no teacher channel, and there is no image that contains one.',
    ],
  ])('says that there is none: %s', async (_, teachers, message) => {
    const folder = teachers();
    if (folder) process.env[OWN_TEACHERS] = folder;

    await expect(load()).rejects.toMatchObject({ ...changed, message });
  });
});

describe('loadTeacher, for images of another size', () => {
  beforeEach(() => {
    process.env[OWN_TEACHERS] = own;
  });

  it.each([SMALL_PX, 24, 64])('gives a network for images of %i px', async (px) => {
    const teacher = await loadTeacher(channel, entry, px);

    expect(teacher.px).toBe(px);
    expect(teacher.model.inputs[0]?.shape).toEqual([null, px, px, 3]);
    expect(teacher.model.outputs[0]?.shape).toEqual([null, 7]);
    teacher.model.dispose();
  });

  it('keeps the weights, which the engine and tfjs apply in the same way', async () => {
    const [usual, larger] = [
      await loadTeacher(channel, entry),
      await loadTeacher(channel, entry, 40),
    ];
    const pixels = Uint8Array.from({ length: 2 * 40 * 40 * 3 }, (_, i) => (i * 37) % 256);
    const last = lastFeatures(entry.features.layer, entry.features.size);
    const backbone = await openBackbone(larger, layersOf(last));
    const inTfjs = tf.model({
      inputs: larger.model.inputs,
      outputs: larger.model.getLayer(entry.features.layer).output as tf.SymbolicTensor,
    });

    const features = backbone.features(pixels);

    const expected = inTfjs.predict(tf.tensor4d(new Float32Array(pixels), [2, 40, 40, 3]));
    const values = await (expected as tf.Tensor).data();
    expect(larger.weights).toEqual(usual.weights);
    expect(features).toHaveLength(2 * entry.features.size);
    for (const [i, value] of features.entries()) expect(value).toBeCloseTo(values[i] ?? 0, 4);
    backbone.dispose();
  });

  it('has another digest for each size, so that caches keep them apart', async () => {
    const digests = await Promise.all(
      [SMALL_PX, 24, 64].map(async (px) => (await loadTeacher(channel, entry, px)).digest),
    );

    expect(new Set(digests).size).toBe(3);
    expect(digests[0]).toBe(await load());
  });

  it('refuses a network that flattens height and width', async () => {
    const flat = await flatTeacher(join(own, 'flat'));
    expect((await loadTeacher(channel, flat)).px).toBe(SIDE);

    await expect(loadTeacher(channel, flat, 2 * SIDE)).rejects.toMatchObject({
      code: 'INPUT_PX',
      message: expect.stringContaining(`flat takes images of ${SIDE} px, not of ${2 * SIDE} px: `),
    });
  });
});

/** A teacher whose classifier sees each pixel by itself. */
async function flatTeacher(folder: string): Promise<TeacherEntry> {
  const model = network((x) =>
    chain(x, [tf.layers.flatten(), tf.layers.dense({ units: 2, name: 'classifier' })]),
  );
  const { json, bytes } = await modelFiles(model);
  const files = new Map<string, Uint8Array>([
    [MODEL_FILE, Buffer.from(JSON.stringify(json))],
    [WEIGHTS_FILE, bytes],
  ]);
  await mkdir(folder, { recursive: true });
  for (const [name, content] of files) await writeFile(join(folder, name), content);
  return {
    ...entry,
    name: 'flat',
    input: { px: SIDE, channels: 3 },
    files: [...files].map(([name, content]) => ({
      name,
      bytes: content.length,
      sha256: sha256(content),
    })),
  };
}

describe('availableTeachers', () => {
  const named = (...names: string[]) => names.map((name) => ({ ...entry, name }));
  const available = async (...names: string[]) =>
    (await availableTeachers(channel, named(...names))).map(({ name }) => name);

  it('are those in folders of the channel and those of the image, in the order of the catalogue', async () => {
    process.env[OWN_TEACHERS] = own;
    await cp(join(own, 'small'), join(channel, 'larger'), { recursive: true });

    expect(await available('tiny', 'small', 'larger')).toEqual(['small', 'larger']);
  });

  it('is the one that the channel holds', async () => {
    await cp(join(own, 'small'), channel, { recursive: true });

    expect(await available('tiny', 'small', 'larger')).toEqual(['small']);
  });

  it('are not those with a file missing', async () => {
    await cp(join(own, 'small'), join(channel, 'small'), { recursive: true });
    await rm(join(channel, 'small', WEIGHTS_FILE));

    expect(await available('small')).toEqual([]);
  });

  it('are none where there is neither channel nor image', async () => {
    expect(await available('small')).toEqual([]);
  });
});
