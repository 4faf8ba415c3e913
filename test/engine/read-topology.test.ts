import { beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '#core/problem.ts';
import { readTopology } from '#engine/read-topology.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { withWeights } from '#engine/topology.ts';
import { modelFiles, randomFloats, SIDE, smallNetwork, topologyIn } from './networks.ts';

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

/** The network with one thing spoilt, and what is said of it. */
function problemsWith(spoil: (model: ModelJson, layers: LayerJson[]) => void): Problem[] {
  const spoilt = structuredClone(json);
  spoil(spoilt, spoilt.modelTopology.config.layers);
  const read = readTopology(spoilt, bytes);
  return 'problems' in read ? read.problems : [];
}

const first = (layers: LayerJson[], className: string): LayerJson =>
  layers.find(({ class_name }) => class_name === className) ?? expect.unreachable();

describe('readTopology', () => {
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
    ['a leak', /negative_slope/, (all) => first(all, 'ReLU'), { negative_slope: 0.1 }],
    ['another cut', /max_value/, (all) => first(all, 'ReLU'), { max_value: 20 }],
    ['another axis', /axis/, (all) => first(all, 'BatchNormalization'), { axis: 1 }],
    [
      'an open size',
      /batch_input_shape/,
      (all) => first(all, 'InputLayer'),
      { batch_input_shape: [null, null, null, 3] },
    ],
    [
      'a kernel larger than its picture',
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
      code: 'TOPOLOGY_NOT_KNOWN',
      where: name,
      what: expect.stringMatching(what),
    });
  });

  it('names every layer of an unknown kind at once', () => {
    const problems = problemsWith((_, layers) => {
      for (const layer of layers.slice(3, 6)) layer.class_name = 'toString';
    });

    const names = json.modelTopology.config.layers.slice(3, 6).map(({ name }) => name);
    expect(problems.map(({ where }) => where)).toEqual(names);
    expect(problems[0]?.what).toBe('The engine knows no layer of the kind toString.');
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
  ])('refuses %s', (_, spoil) => {
    expect(problemsWith(spoil)).not.toHaveLength(0);
  });

  it('refuses what is no model, and weights that are too short', () => {
    for (const nonsense of [undefined, null, 7, 'model', [], {}, { modelTopology: null }]) {
      expect(readTopology(nonsense, bytes)).toHaveProperty('problems');
    }
    expect(readTopology(json, bytes.subarray(4))).toHaveProperty('problems');
  });

  it('finds nothing wrong with the network that these tests spoil', () => {
    expect(problemsWith(() => {})).toEqual([]);
  });
});

describe('withWeights', () => {
  it('exchanges the weights that are named, and only by as many values', () => {
    const topology = topologyIn(json, bytes);
    const [name = '', values = new Float32Array()] = [...topology.weights][0] ?? [];
    const changed = new Map([[name, randomFloats(values.length)]]);

    const { weights } = withWeights(topology, changed);

    expect(weights.get(name)).toBe(changed.get(name));
    expect(weights.size).toBe(topology.weights.size);
    expect(topology.weights.get(name)).toBe(values);
    expect(() => withWeights(topology, new Map([[name, new Float32Array(SIDE)]]))).toThrow(name);
    expect(() => withWeights(topology, new Map([['x', values]]))).toThrow('none');
  });
});
