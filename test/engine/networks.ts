import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at } from '#core/at.ts';
import { readModel } from '#engine/read-model.ts';
import { tf } from '#engine/tensorflow/load.ts';
import type { Topology } from '#engine/topology.ts';
import { teacherNamed } from '#teachers/catalogue.ts';
import { importTeacher } from '#teachers/import-teacher.ts';
import { randomFloats } from '../random.ts';

/** A model as tfjs saves it: the parsed `model.json` and the bytes of its weights. */
export async function modelFiles(
  model: tf.LayersModel,
): Promise<{ json: unknown; bytes: Uint8Array }> {
  let files: { json: unknown; bytes: Uint8Array } | undefined;
  const keep: Parameters<typeof tf.io.withSaveHandler>[0] = async (artifacts) => {
    const { modelTopology, weightSpecs, weightData } = artifacts;
    files = {
      json: { modelTopology, weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }] },
      bytes: new Uint8Array(weightData as ArrayBuffer),
    };
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' as const } };
  };
  await model.save(tf.io.withSaveHandler(keep));
  if (!files) throw new Error('tfjs saved nothing');
  return files;
}

export async function topologyOf(model: tf.LayersModel): Promise<Topology> {
  const { json, bytes } = await modelFiles(model);
  return topologyIn(json, bytes);
}

export function topologyIn(json: unknown, bytes: Uint8Array): Topology {
  const read = readModel(json, bytes);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value;
}

/** Replaces all weights, BatchNorm's too, by values far from the initial ones; variances are positive. */
export function shuffleWeights(model: tf.LayersModel, seed = 1): void {
  for (const [index, layer] of model.layers.entries()) {
    const weights = layer.weights.map((weight, i) => {
      const { shape } = weight.read();
      const values = randomFloats(tf.util.sizeFromShape(shape), seed + 100 * index + i);
      const isVariance = weight.originalName.endsWith('moving_variance'); // tfjs numbers repeated names
      return tf.tensor(isVariance ? values.map((each) => 0.6 + each / 2) : values, shape);
    });
    layer.setWeights(weights);
  }
}

export const SIDE = 12; // pixels; the small networks' images are square

/** Small networks with every supported layer. */
export const SMALL_NETWORKS: Record<string, (x: tf.SymbolicTensor) => tf.SymbolicTensor> = {
  'convolutions with a bias and an activation': (x) =>
    chain(x, [
      tf.layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu' }),
      tf.layers.depthwiseConv2d({
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        activation: 'relu6',
      }),
      tf.layers.flatten(),
    ]),
  'a residual block as EfficientNet-Lite has it': (x) => {
    const block = chain(x, [
      tf.layers.conv2d({ filters: 6, kernelSize: 1, useBias: false }),
      tf.layers.batchNormalization({ epsilon: 1e-3 }),
      tf.layers.reLU({ maxValue: 6 }),
      tf.layers.depthwiseConv2d({ kernelSize: 5, padding: 'same', useBias: false }),
      tf.layers.batchNormalization(),
      tf.layers.reLU({ maxValue: 6 }),
      tf.layers.conv2d({ filters: 3, kernelSize: 1, useBias: false }),
      tf.layers.batchNormalization(),
    ]);
    return chain(tf.layers.add().apply([x, block]) as tf.SymbolicTensor, [
      tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }),
      tf.layers.dense({ units: 5 }),
    ]);
  },
  'a depthwise multiplier, and ReLUs with and without a maximum': (x) =>
    chain(x, [
      tf.layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, useBias: false }),
      tf.layers.batchNormalization(),
      tf.layers.reLU({ maxValue: 6 }),
      tf.layers.depthwiseConv2d({
        kernelSize: 3,
        padding: 'same',
        useBias: false,
        depthMultiplier: 2,
      }),
      tf.layers.batchNormalization(),
      tf.layers.reLU(),
      tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }),
      tf.layers.dense({ units: 5 }),
    ]),
  'BatchNorms without scale, without center, after a bias, and after no convolution': (x) =>
    norms(x, false),
  'average pooling': (x) =>
    chain(x, [
      tf.layers.averagePooling2d({ poolSize: [3, 2], strides: [2, 2], padding: 'same' }),
      tf.layers.conv2d({ filters: 4, kernelSize: 1 }),
      tf.layers.averagePooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 4, activation: 'relu', useBias: false }),
    ]),
  'concatenated branches, of images and of vectors': (x) => {
    const wide = chain(x, [
      tf.layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
    ]);
    const all = tf.layers.concatenate().apply([x, wide, x]) as tf.SymbolicTensor;
    const pooled = [wide, all].map((each) =>
      chain(each, [tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast' })]),
    );
    return chain(tf.layers.concatenate({ axis: 1 }).apply(pooled) as tf.SymbolicTensor, [
      tf.layers.dense({ units: 5 }),
    ]);
  },
  'a single BatchNorm': (x) =>
    chain(x, [
      tf.layers.conv2d({ filters: 4, kernelSize: 3, useBias: false }),
      tf.layers.batchNormalization(),
      tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }),
      tf.layers.dense({ units: 5 }),
    ]),
  'a BatchNorm whose convolution is read twice': (x) => {
    const convolution = chain(x, [tf.layers.conv2d({ filters: 3, kernelSize: 1 })]);
    const norm = chain(convolution, [tf.layers.batchNormalization()]);
    return chain(tf.layers.add().apply([convolution, norm]) as tf.SymbolicTensor, [
      tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }),
    ]);
  },
};

/** BatchNorms of all kinds in all places; stock tfjs trains only those with both scale and center. */
function norms(x: tf.SymbolicTensor, full: boolean): tf.SymbolicTensor {
  return chain(x, [
    tf.layers.batchNormalization({ name: 'n1' }),
    tf.layers.conv2d({ filters: 4, kernelSize: 3, name: 'c1' }),
    tf.layers.batchNormalization({ scale: full, name: 'n2' }),
    tf.layers.reLU({ name: 'r' }),
    tf.layers.depthwiseConv2d({ kernelSize: 3, useBias: false, name: 'c2' }),
    tf.layers.batchNormalization({ center: full, name: 'n3' }),
    tf.layers.conv2d({ filters: 4, kernelSize: 1, useBias: false, name: 'c3' }),
    tf.layers.batchNormalization({ scale: full, center: full, name: 'n4' }),
    tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast', name: 'g' }),
    tf.layers.batchNormalization({ name: 'n5' }),
  ]);
}

export const chain = (
  x: tf.SymbolicTensor,
  layers: readonly tf.layers.Layer[],
): tf.SymbolicTensor => layers.reduce((input, layer) => layer.apply(input) as tf.SymbolicTensor, x);

export function smallNetwork(name: string): tf.LayersModel {
  const build = SMALL_NETWORKS[name];
  if (!build) throw new Error(`There is no small network ${name}.`);
  return network(build);
}

/** The network with bare BatchNorms, and an equivalent one with full ones. */
export function bareAndFullNorms(): { bare: tf.LayersModel; full: tf.LayersModel } {
  const bare = network((x) => norms(x, false));
  const full = network((x) => norms(x, true));
  for (const layer of full.layers) {
    const own = new Map(bare.getLayer(layer.name).weights.map((each) => [each.originalName, each]));
    layer.setWeights(
      layer.weights.map(({ originalName, shape }) => {
        const absent = originalName.endsWith('gamma') ? tf.ones : tf.zeros;
        return own.get(originalName)?.read() ?? absent(shape as number[]);
      }),
    );
  }
  return { bare, full };
}

export function network(build: (x: tf.SymbolicTensor) => tf.SymbolicTensor): tf.LayersModel {
  const input = tf.input({ shape: [SIDE, SIDE, 3], name: 'pixels' });
  const pixels = tf.layers.rescaling({ scale: 1 / 128, offset: -1, name: 'preprocessing' });
  const x = pixels.apply(input) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs: build(x) });
  shuffleWeights(model);
  return model;
}

/** EfficientNet-Lite0 with its real weights, from the cache. */
export async function realTeacher() {
  const entry = teacherNamed('efficientnet-lite0');
  if (!entry) throw new Error('it is in the catalogue');
  const folder = await importTeacher(entry, { report: () => {} });
  const json: unknown = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
  const topology = topologyIn(json, readFileSync(join(folder, 'weights.bin')));
  return { entry, folder, json, topology };
}

/** The largest absolute difference of two lists of numbers. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN; // fails every toBeLessThan
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(at(a, i) - at(b, i)));
  return most;
}
