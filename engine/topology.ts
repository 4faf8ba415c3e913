import type { Shape } from './graph.ts';

/** A network and its weights, as read from a layers-model and written into graphs. */
export interface Topology {
  readonly name: string;
  readonly layers: ReadonlyMap<string, Layer>; // by name; each comes after its inputs, the first one is the input layer
  readonly output: string; // the layer whose output is the network's
  readonly weights: ReadonlyMap<string, Float32Array>; // by `layer/weight`
}

/** A Keras layer, in the engine's terms. */
export interface Layer {
  readonly name: string;
  readonly inputs: readonly string[]; // names of layers
  readonly shape: Shape; // of the output; -1 is the number of examples
  readonly operation: Operation;
  /** The shapes of the weights that it has. */
  readonly weights: Readonly<Partial<Record<WeightRole, Shape>>>;
  /** As the model file has it, so that it can be written out again. */
  readonly source: { className: string; config: Readonly<Record<string, unknown>> };
}

export type WeightRole = 'kernel' | 'bias' | 'gamma' | 'beta' | 'moving_mean' | 'moving_variance';

/** What a layer computes: all supported kinds, each with the settings that matter. */
export type Operation =
  | { kind: 'input' }
  | { kind: 'rescaling'; scale: number; offset: number }
  | {
      kind: 'convolution';
      depthwise: boolean;
      strides: readonly [number, number];
      padding: Padding;
      activation: Activation;
    }
  | { kind: 'batch-norm'; epsilon: number }
  | { kind: 'dense'; activation: Activation }
  | { kind: 'activation'; activation: Activation }
  | { kind: 'add' }
  | { kind: 'concatenate' } // along the last axis
  | {
      kind: 'average-pooling';
      size: readonly [number, number];
      strides: readonly [number, number];
      padding: Padding;
    }
  | { kind: 'global-average-pooling' }
  | { kind: 'flatten' };

export type OperationOf<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>;

export type Padding = 'SAME' | 'VALID';
export type Activation = 'linear' | 'relu' | 'relu6';

/** The name of a weight in a model file: `stem_conv/kernel`. */
export const weightName = (
  { name, operation }: Pick<Layer, 'name' | 'operation'>,
  role: WeightRole,
) =>
  operation.kind === 'convolution' && operation.depthwise && role === 'kernel'
    ? `${name}/depthwise_kernel`
    : `${name}/${role}`;

/** @throws Error if there is no layer of that name */
export function layerOf({ name, layers }: Topology, layerName: string): Layer {
  const layer = layers.get(layerName);
  if (!layer) throw new Error(`${name} has no layer "${layerName}".`);
  return layer;
}

/** @throws Error if the layer has no such weight */
export function weightOf({ weights }: Topology, layer: Layer, role: WeightRole): Float32Array {
  const values = weights.get(weightName(layer, role));
  if (!values) throw new Error(`The layer ${layer.name} has no ${role}.`);
  return values;
}

/** The input layer. */
export function inputOf(topology: Topology): Layer {
  const [first] = topology.layers.values();
  if (!first) throw new Error(`${topology.name} has no layers.`);
  return first;
}

/** A network cut in two: the frozen part, and the part to be trained. */
export interface Cut {
  /** The frozen layers whose outputs the trained part takes, in the topology's order; the images' layer if nothing is frozen. */
  inputs: readonly Layer[];
  /** The trained layers, each with the index of its block: 0 is the first trained one, `retrained` is the head. */
  trained: ReadonlyMap<Layer, number>;
}

/** Layers that make what they take smaller, or keep its size, and have no weights. */
const POOLING = new Set<Operation['kind']>([
  'average-pooling',
  'global-average-pooling',
  'flatten',
]);

/**
 * Cuts a network before its last blocks.
 *
 * Poolings of frozen outputs are frozen too, so that the trained part takes their small outputs and not what they pool.
 *
 * @param blockOutputs the layer that each block ends with, in order; the layers after the last one, and those that take
 * the outputs of earlier blocks around the later ones, are the head. A block whose output no layer takes may be missing
 * @param retrained how many of the last blocks are trained, besides the head
 * @throws Error if there are fewer blocks, or none of them is in the network
 */
export function cutNetwork(
  topology: Topology,
  blockOutputs: readonly string[],
  retrained: number,
): Cut {
  const last = blockOutputs.length - retrained - 1; // of the frozen blocks
  if (last < -1) throw new Error(`There are ${blockOutputs.length} blocks, not ${retrained}.`);
  const [first] = blockOutputs;
  if (first !== undefined && !blockOutputs.some((output) => topology.layers.has(output))) {
    layerOf(topology, first); // another network's blocks: throws
  }
  const layersOfBlock = (output: string) =>
    topology.layers.has(output) ? [...ancestorsOf(topology, output)] : [];
  const frozenBlocks = blockOutputs.slice(0, last + 1);
  const frozen = new Set([inputOf(topology).name, ...frozenBlocks.flatMap(layersOfBlock)]);
  const blocks = blockOutputs.slice(last + 1).map((output) => new Set(layersOfBlock(output)));

  const trained = new Map<Layer, number>();
  const needed = ancestorsOf(topology, topology.output);
  for (const layer of topology.layers.values()) {
    const { name, inputs, operation } = layer;
    if (frozen.has(name) || !needed.has(name)) continue;
    if (POOLING.has(operation.kind) && inputs.every((input) => frozen.has(input))) {
      frozen.add(name);
      continue;
    }
    const block = blocks.findIndex((layers) => layers.has(name));
    trained.set(layer, block === -1 ? retrained : block);
  }
  const taken = new Set([...trained.keys()].flatMap(({ inputs }) => inputs));
  const inputs = [...topology.layers.values()].filter(
    ({ name }) => frozen.has(name) && taken.has(name),
  );
  return { inputs, trained };
}

/** All layers that the output of a layer is computed from, itself included. */
function ancestorsOf(topology: Topology, name: string): Set<string> {
  const ancestors = new Set<string>();
  const open = [name];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (ancestors.has(next)) continue;
    ancestors.add(next);
    open.push(...layerOf(topology, next).inputs);
  }
  return ancestors;
}
