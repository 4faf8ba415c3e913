import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TeacherEntry } from '#core/teacher.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { featureModel } from '#training-image/features/feature-model.ts';
import { layersOf, type PooledLayer } from '#training-image/features/feature-sets.ts';
import { loadTeacher, type Teacher } from '#training-image/features/load-teacher.ts';
import { openBackbone } from '#training-image/features/open-backbone.ts';
import { setsOf } from '#training-image/plan/measure-candidate.ts';
import { chain, modelFiles, network, SIDE } from '../../engine/networks.ts';
import { randomBytes } from '../../random.ts';
import { smallTeacher } from '../small-teacher.ts';

let folder: string;
let entry: TeacherEntry;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-pooled-'));
  entry = await smallTeacher(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const N = 3;
const imagesOf = (px: number) => randomBytes(N * px * px * 3);

/** What a layer gives for some images, [N, h, w, c] or [N, c], by tfjs. */
function outputOf(
  { model, px }: Teacher,
  layer: string,
): { values: Float32Array; shape: number[] } {
  return tf.tidy(() => {
    const outputs = model.getLayer(layer).output as tf.SymbolicTensor;
    const images = tf.tensor4d(new Float32Array(imagesOf(px)), [N, px, px, 3]);
    const output = tf.model({ inputs: model.inputs, outputs }).predict(images) as tf.Tensor;
    return { values: output.dataSync() as Float32Array, shape: output.shape };
  });
}

/** The mean of a channel over a part of the rows and columns of one image, in plain loops. */
function mean(
  { values, shape: [, h = 1, w = 1, c = 1] }: { values: Float32Array; shape: number[] },
  image: number,
  channel: number,
  [top, bottom]: readonly [number, number],
  [left, right]: readonly [number, number],
): number {
  let sum = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      sum += values[((image * h + y) * w + x) * c + channel] ?? Number.NaN;
    }
  }
  return sum / ((bottom - top) * (right - left));
}

/** The features of all images, one after another. */
function reference(teacher: Teacher, layers: readonly PooledLayer[]): number[] {
  const outputs = layers.map(({ layer }) => outputOf(teacher, layer));
  return Array.from({ length: N }, (_, image) =>
    layers.flatMap(({ grid }, i) => {
      const output = outputs[i] ?? { values: new Float32Array(), shape: [] };
      const { shape } = output;
      const [, h = 1, w = 1] = shape;
      const channels = Array.from({ length: shape.at(-1) ?? 0 }, (_, c) => c);
      if (shape.length === 2) {
        return channels.map((c) => output.values[image * channels.length + c] ?? Number.NaN);
      }
      if (grid === 1) return channels.map((c) => mean(output, image, c, [0, h], [0, w]));
      // Of an odd number, both halves have the middle one.
      const halves = (size: number) =>
        [
          [0, Math.ceil(size / 2)],
          [Math.floor(size / 2), size],
        ] as const;
      return halves(h).flatMap((rows) =>
        halves(w).flatMap((columns) => channels.map((c) => mean(output, image, c, rows, columns))),
      );
    }),
  ).flat();
}

function expectClose(found: ArrayLike<number>, expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  const worst = expected.reduce(
    (most, each, i) => Math.max(most, Math.abs(each - (found[i] ?? Number.NaN))),
    0,
  );
  expect(worst).toBeLessThan(1e-5 * scale);
}

describe('the features of a set', () => {
  // Block outputs of 6 × 6, 7 × 7 and 12 × 12.
  it.each([16, 17, 28])(
    'are averages in the order of its layers, by the engine and by tfjs, of images of %i px',
    async (px) => {
      const teacher = await loadTeacher(folder, entry, px);
      for (const set of setsOf(teacher).sets) {
        const layers = layersOf(set);
        const expected = reference(teacher, layers);

        const backbone = await openBackbone(teacher, layers);
        const found = backbone.features(imagesOf(px));
        backbone.dispose();
        const inTfjs = tf.tidy(() => {
          const images = tf.tensor4d(new Float32Array(imagesOf(px)), [N, px, px, 3]);
          return (featureModel(teacher.model, layers).predict(images) as tf.Tensor2D).dataSync();
        });

        expectClose(found, expected);
        expectClose(inTfjs, expected);
      }
      teacher.model.dispose();
    },
  );

  it('are the same one image at a time and all together', async () => {
    const teacher = await loadTeacher(folder, entry);
    const layers = layersOf(setsOf(teacher).sets.at(-1) ?? { groups: [] });
    const backbone = await openBackbone(teacher, layers);
    const images = imagesOf(16);

    const together = backbone.features(images);

    const size = images.length / N;
    const each = [0, 1, 2].flatMap((i) => [
      ...backbone.features(images.subarray(i * size, (i + 1) * size)),
    ]);
    expectClose(together, each);
    backbone.dispose();
    teacher.model.dispose();
  });

  it('come from tfjs if the engine lacks a layer', async () => {
    const model = network((x) =>
      chain(x, [
        tf.layers.conv2d({ filters: 3, kernelSize: 3, activation: 'selu', name: 'odd_conv' }),
        tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast', name: 'features' }),
      ]),
    );
    const { json, bytes } = await modelFiles(model);
    const features = { layer: 'features', size: 3 };
    const odd = { ...entry, features, blockOutputs: ['odd_conv'] };
    const teacher: Teacher = { entry: odd, px: SIDE, digest: '', model, json, weights: bytes };
    const { sets, blocks } = setsOf(teacher);
    expect({ ids: sets.map(({ id }) => id), blocks }).toEqual({ ids: ['last'], blocks: [] });
    const layers: PooledLayer[] = [
      { layer: 'features', grid: 1, size: 3 },
      { layer: 'odd_conv', grid: 2, size: 12 },
    ];

    const backbone = await openBackbone(teacher, layers);

    expectClose(backbone.features(imagesOf(SIDE)), reference(teacher, layers));
    backbone.dispose();
    model.dispose();
  });

  it('need a layer', () => {
    expect(() =>
      featureModel(
        network((x) => x),
        [],
      ),
    ).toThrow('A head needs features');
  });
});
