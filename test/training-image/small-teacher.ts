import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#core/identity.ts';
import { MODEL_FILE, type TeacherEntry } from '#core/teacher.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { teacherNamed } from '#teachers/catalogue.ts';
import { ENTRY_FILE } from '#teachers/import-teacher.ts';
import { WEIGHTS_FILE } from '#teachers/layers-model.ts';
import { modelFiles, shuffleWeights } from '../engine/networks.ts';

export const SMALL_PX = 16;
const FEATURES = 24;
export const BLOCKS = 7; // the third to the sixth with a depthwise convolution

/** A teacher like those of the catalogue in everything but its size: it knows nothing, and sees colours and edges. */
export async function smallTeacher(folder: string): Promise<TeacherEntry> {
  const pixels = tf.input({ shape: [SMALL_PX, SMALL_PX, 3], name: 'pixels' });
  const block = (n: number, filters: number, kernelSize = 1) => [
    tf.layers.conv2d({ name: `block${n}_conv`, filters, kernelSize, useBias: false }),
    tf.layers.batchNormalization({ name: `block${n}_norm`, epsilon: 1e-3 }),
    tf.layers.reLU({ name: `block${n}`, maxValue: 6 }),
  ];
  const depthwise = (n: number) => [
    tf.layers.depthwiseConv2d({
      name: `block${n}_depthwise`,
      kernelSize: 3,
      padding: 'same',
      useBias: false,
    }),
    tf.layers.batchNormalization({ name: `block${n}_depthwise_norm`, epsilon: 1e-3 }),
    tf.layers.reLU({ name: `block${n}_inner`, maxValue: 6 }),
  ];
  const layers = [
    tf.layers.rescaling({ name: 'rescaling', scale: 1 / 128, offset: -127 / 128 }),
    tf.layers.conv2d({
      name: 'stem',
      filters: 12,
      kernelSize: 3,
      strides: 2,
      padding: 'same',
      useBias: false,
    }),
    ...block(1, 12, 3),
    ...block(2, 12),
    ...[3, 4, 5, 6].flatMap((n) => [...depthwise(n), ...block(n, 12)]),
    ...block(BLOCKS, FEATURES),
    tf.layers.globalAveragePooling2d({ name: 'features', dataFormat: 'channelsLast' }),
    tf.layers.dense({ name: 'classifier', units: 7 }),
  ];
  const output = layers.reduce((at, layer) => layer.apply(at) as tf.SymbolicTensor, pixels);
  const model = tf.model({ inputs: pixels, outputs: output });
  shuffleWeights(model);
  const { json, bytes } = await modelFiles(model);
  const classifier = model.getLayer('classifier').countParams();
  const backboneParameters = model.countParams() - classifier;
  model.dispose();

  const files = new Map([
    [MODEL_FILE, new TextEncoder().encode(JSON.stringify(json))],
    [WEIGHTS_FILE, bytes],
  ]);
  const entry: TeacherEntry = {
    ...(teacherNamed('efficientnet-lite0') as TeacherEntry),
    name: 'small',
    title: 'A small teacher',
    input: { px: SMALL_PX, channels: 3 },
    features: { layer: 'features', size: FEATURES },
    blockOutputs: Array.from({ length: BLOCKS }, (_, i) => `block${i + 1}`),
    backboneParameters,
    files: [...files].map(([name, content]) => ({
      name,
      bytes: content.length,
      sha256: sha256(content),
    })),
  };
  await mkdir(folder, { recursive: true });
  for (const [name, content] of files) await writeFile(join(folder, name), content);
  await writeFile(join(folder, ENTRY_FILE), JSON.stringify(entry));
  return entry;
}
