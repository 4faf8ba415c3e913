import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { differenceOf, type TeacherEntry } from '#core/teacher.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { CATALOGUE, teacherNamed } from '#teachers/catalogue.ts';
import { importTeacher } from '#teachers/import-teacher.ts';
import { mulberry32 } from '#training-image/data/seeded-random.ts';
import { type Expected, expectedOf, syntheticPixels } from './expected.ts';

const silent = () => {};

const FETCHING = 120_000; // ms; the first time a teacher of 20 MB comes from the registry

/** The features and logits of one image. */
function answerOf(model: tf.LayersModel, { features, input }: TeacherEntry, k: number) {
  return tf.tidy(() => {
    const both = tf.model({
      inputs: model.inputs,
      outputs: [model.getLayer(features.layer).output as tf.SymbolicTensor, ...model.outputs],
    });
    const pixels = tf.tensor4d(syntheticPixels(k, input.px), [1, input.px, input.px, 3]);
    const [first, second] = both.predict(pixels) as [tf.Tensor2D, tf.Tensor2D];
    return { features: [...first.dataSync()], logits: [...second.dataSync()] };
  });
}

function expectAnswer(answer: { features: number[]; logits: number[] }, expected: Expected) {
  const { features, logits } = answer;
  const order = [...logits.keys()].sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0));

  expect(order.slice(0, 5)).toEqual(expected.top5);
  for (const [i, logit] of expected.top5_logits.entries()) {
    expect(Math.abs((logits[expected.top5[i] ?? -1] ?? Number.NaN) - logit)).toBeLessThan(1e-3);
  }
  for (const [i, feature] of expected.features_first8.entries()) {
    expect(Math.abs((features[i] ?? Number.NaN) - feature)).toBeLessThan(1e-3);
  }
  expect(Math.abs(Math.hypot(...features) - expected.features_l2)).toBeLessThan(1e-3);
  const sum = features.reduce((a, b) => a + b, 0);
  expect(Math.abs(sum - expected.features_sum)).toBeLessThan(1e-2); // 1,280 features
}

describe.each(CATALOGUE.map((entry) => [entry.name, entry] as const))('%s', (_, entry) => {
  let folder: string;
  let model: tf.LayersModel;

  beforeAll(async () => {
    folder = await importTeacher(entry, { report: silent });
    model = await tf.loadLayersModel(`file://${join(folder, 'model.json')}`);
  }, FETCHING);

  it('answers as two other implementations do', () => {
    for (const expected of expectedOf(entry.name)) {
      expectAnswer(answerOf(model, entry, expected.k), expected);
    }
  });

  it('has the blocks, features and parameters that its entry promises', () => {
    const depth = (name: string) => model.layers.findIndex((layer) => layer.name === name);
    const widths = entry.blockOutputs.map((tap) => {
      const { shape } = model.getLayer(tap).output as tf.SymbolicTensor;
      return shape.at(-1);
    });
    const { stages, lastWidth } = entry.architecture;
    const backbone = model.layers.filter(({ name }) => name !== 'classifier');
    const parameters = backbone.reduce((sum, layer) => sum + layer.countParams(), 0);

    expect(widths).toEqual([...stages.slice(0, -1).map(({ width }) => width), lastWidth]);
    for (const [index, tap] of entry.blockOutputs.entries()) {
      const block = new RegExp(`^block${index + 1}[a-h_]`);
      expect(tap).toMatch(block);
      expect(model.layers.findLastIndex(({ name }) => block.test(name))).toBe(depth(tap)); // it ends there
    }
    expect((model.getLayer(entry.features.layer).output as tf.SymbolicTensor).shape).toEqual([
      null,
      entry.features.size,
    ]);
    expect(model.outputs[0]?.shape).toEqual([null, entry.trainedOn.classes]);
    expect(model.inputs[0]?.shape).toEqual([null, entry.input.px, entry.input.px, 3]);
    expect(parameters).toBe(entry.backboneParameters);
  });
});

describe('a tampered teacher', () => {
  it(
    'is refused whichever bit of it was flipped',
    async () => {
      const entry = teacherNamed('efficientnet-lite0');
      if (!entry) throw new Error('it is in the catalogue');
      const folder = await importTeacher(entry, { report: silent });
      const files = entry.files.map((file) => ({
        file,
        bytes: readFileSync(join(folder, file.name)),
      }));
      const random = mulberry32(1);

      for (let flip = 0; flip < 1_000; flip++) {
        const { file, bytes } = files[flip % files.length] ?? expect.unreachable();
        const place = Math.floor(random() * bytes.length);
        const bit = 1 << Math.floor(random() * 8);
        bytes[place] = (bytes[place] ?? 0) ^ bit;
        expect(differenceOf(file, bytes)).toMatch(/^has the sha256/);
        bytes[place] = (bytes[place] ?? 0) ^ bit;
      }
      for (const { file, bytes } of files) expect(differenceOf(file, bytes)).toBeUndefined();
    },
    FETCHING,
  );
});
