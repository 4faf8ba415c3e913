import { beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '#core/problem.ts';
import { readModel } from '#engine/read-model.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { modelFiles, smallNetwork, topologyIn } from './networks.ts';

interface LayerJson {
  class_name: string;
  name: string;
  config: Record<string, unknown>;
  inbound_nodes: unknown[][];
}
interface ModelJson {
  modelTopology: { config: { layers: LayerJson[]; output_layers: unknown[] } };
  weightsManifest: { weights: { name: string; shape: number[]; dtype: string }[] }[];
}

let json: ModelJson;
let bytes: Uint8Array;

beforeAll(async () => {
  const files = await modelFiles(smallNetwork('a residual block as EfficientNet-Lite has it'));
  json = files.json as ModelJson;
  bytes = files.bytes;
});

/** The problems of the network after one thing in it was broken. */
function problemsWith(breakIt: (model: ModelJson, layers: LayerJson[]) => void): Problem[] {
  const broken = structuredClone(json);
  breakIt(broken, broken.modelTopology.config.layers);
  const read = readModel(broken, bytes);
  return read.ok ? [] : read.problems;
}

const first = (layers: LayerJson[], className: string): LayerJson =>
  layers.find(({ class_name }) => class_name === className) ?? expect.unreachable();

describe('readModel', () => {
  it('reads layers in an order in which each comes after its inputs, however they were written', () => {
    const reversed = structuredClone(json);
    reversed.modelTopology.config.layers.reverse();

    const order = [...topologyIn(reversed, bytes).layers.values()];

    expect(order).toHaveLength(json.modelTopology.config.layers.length);
    const seen = new Set<string>();
    for (const { name, inputs } of order) {
      expect([...seen]).toEqual(expect.arrayContaining([...inputs]));
      seen.add(name);
    }
  });

  it('reads quantised weights as tfjs does', async () => {
    const scale = 0.5;
    const quantised = structuredClone(json);
    const { weights } = quantised.weightsManifest[0] ?? expect.unreachable();
    for (const weight of weights) {
      Object.assign(weight, { quantization: { dtype: 'uint8', scale, min: -3 } });
    }
    const count = weights.reduce((sum, { shape }) => sum + tf.util.sizeFromShape(shape), 0);

    const topology = topologyIn(quantised, new Uint8Array(count).fill(8));

    for (const values of topology.weights.values()) expect(new Set(values)).toEqual(new Set([1]));
  });

  it.each<[string, RegExp, (layers: LayerJson[]) => LayerJson, Record<string, unknown>]>([
    ['a dilation', /dilation_rate/, (all) => first(all, 'Conv2D'), { dilation_rate: [2, 2] }],
    [
      'channels first',
      /data_format/,
      (all) => first(all, 'Conv2D'),
      { data_format: 'channels_first' },
    ],
    ['groups', /groups/, (all) => first(all, 'Conv2D'), { groups: 3 }],
    ['an unknown activation', /activation/, (all) => first(all, 'Conv2D'), { activation: 'gelu' }],
    ['uneven strides', /strides/, (all) => first(all, 'DepthwiseConv2D'), { strides: [1, 2] }],
    ['a leaky slope', /negative_slope/, (all) => first(all, 'ReLU'), { negative_slope: 0.1 }],
    ['another maximum', /max_value/, (all) => first(all, 'ReLU'), { max_value: 20 }],
    ['another axis', /axis/, (all) => first(all, 'BatchNormalization'), { axis: 1 }],
    [
      'an open size',
      /batch_input_shape/,
      (all) => first(all, 'InputLayer'),
      { batch_input_shape: [null, null, null, 3] },
    ],
    [
      'a kernel larger than its image',
      /empty/,
      (all) => first(all, 'Conv2D'),
      { kernel_size: [30, 30] },
    ],
  ])('refuses a layer with %s by its name', (_, what, layerIn, settings) => {
    let name = '';
    const problems = problemsWith((_, layers) => {
      const layer = layerIn(layers);
      name = layer.name;
      Object.assign(layer.config, settings);
    });

    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({
      code: 'UNSUPPORTED_LAYER',
      where: name,
      what: expect.stringMatching(what),
    });
  });

  it('names every unsupported setting of a layer at once', () => {
    const problems = problemsWith((_, layers) => {
      Object.assign(first(layers, 'Conv2D').config, { groups: 3, dilation_rate: 2 });
    });

    expect(problems.map(({ what }) => what)).toEqual([
      expect.stringMatching(/^Unsupported settings of Conv2D: dilation_rate: .*; groups: /),
    ]);
  });

  it('names every layer of an unsupported type at once', () => {
    const problems = problemsWith((_, layers) => {
      for (const layer of layers.slice(3, 6)) layer.class_name = 'toString';
    });

    const names = json.modelTopology.config.layers.slice(3, 6).map(({ name }) => name);
    expect(problems.map(({ where }) => where)).toEqual(names);
    expect(problems[0]?.what).toBe('Unsupported layer type: toString.');
  });

  it.each<[string, (model: ModelJson, layers: LayerJson[]) => void]>([
    [
      'a layer used twice',
      (_, layers) => first(layers, 'Dense').inbound_nodes.push([['x', 0, 0, {}]]),
    ],
    ['two layers of one name', (_, layers) => layers.push(first(layers, 'Dense'))],
    [
      'a circle',
      (_, layers) => {
        const convolution = first(layers, 'Conv2D');
        convolution.inbound_nodes = [[[convolution.name, 0, 0, {}]]];
      },
    ],
    [
      'a second input',
      (_, layers) => layers.push({ ...first(layers, 'InputLayer'), name: 'second' }),
    ],
    ['a sum of one', (_, layers) => first(layers, 'Add').inbound_nodes[0]?.pop()],
    [
      'a concatenation along another axis than the last',
      (_, layers) =>
        Object.assign(first(layers, 'Add'), { class_name: 'Concatenate', config: { axis: 1 } }),
    ],
    [
      'a concatenation of images of different sizes',
      (_, layers) => {
        Object.assign(first(layers, 'Add'), { class_name: 'Concatenate' });
        Object.assign(first(layers, 'DepthwiseConv2D').config, { padding: 'valid' });
      },
    ],
    ['two outputs', (model) => model.modelTopology.config.output_layers.push(['x', 0, 0])],
    [
      'an output that is not there',
      (model) => {
        model.modelTopology.config.output_layers = [['x', 0, 0]];
      },
    ],
    ['a weight that is missing', (model) => model.weightsManifest[0]?.weights.pop()],
    ['a weight of another shape', (model) => model.weightsManifest[0]?.weights[0]?.shape.push(2)],
    [
      'weights of an unknown type',
      (model) => {
        for (const each of model.weightsManifest[0]?.weights ?? []) each.dtype = 'float8';
      },
    ],
  ])('refuses %s', (_, breakIt) => {
    expect(problemsWith(breakIt)).not.toHaveLength(0);
  });

  it('refuses values that are not models, and weights that are too short', () => {
    for (const nonsense of [undefined, null, 7, 'model', [], {}, { modelTopology: null }]) {
      expect(readModel(nonsense, bytes)).toHaveProperty('ok', false);
    }
    expect(readModel(json, bytes.subarray(4))).toHaveProperty('ok', false);
  });

  it('finds nothing wrong with the network that these tests break', () => {
    expect(problemsWith(() => {})).toEqual([]);
  });
});
