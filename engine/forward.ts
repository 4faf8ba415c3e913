import type { GraphTensor } from './graph.ts';
import type { Layer } from './layer.ts';
import type { Tape } from './tape.ts';
import { layerOf, type Topology } from './topology.ts';
import type { FoldedPair, WeightSource } from './weight-source.ts';
import { convolve, type TrainingMode, writeLayer } from './write-layer.ts';

/**
 * Writes the part of a network that leads from given layers to wanted ones.
 *
 * A BatchNorm with fixed averages is worked into the convolution before it: no pass over activations is left for it.
 *
 * @param given outputs of layers that are there already
 * @returns the outputs of the wanted layers, by name
 */
export function writeForward(
  tape: Tape,
  topology: Topology,
  given: ReadonlyMap<string, GraphTensor>,
  wanted: readonly string[],
  weights: WeightSource,
  training?: TrainingMode,
): ReadonlyMap<string, GraphTensor> {
  const needed = layersBetween(topology, given, wanted);
  const pairs = training?.keepAverages ? [] : foldedPairs(topology, needed, wanted);
  const folded = new Map(weights.fold(pairs).map((each) => [each.norm, each]));
  const isFolded = new Set(pairs.map(({ convolution }) => convolution));

  const outputs = new Map(given);
  const inputsOf = (layer: Layer) =>
    layer.inputs.map((name) => outputs.get(name)) as [GraphTensor, ...GraphTensor[]];
  for (const layer of needed) {
    if (isFolded.has(layer)) continue;
    const both = folded.get(layer);
    const output = both
      ? convolve(tape, both.convolution, inputsOf(both.convolution)[0], both)
      : writeLayer(tape, layer, inputsOf(layer), weights, training);
    outputs.set(layer.name, output);
  }
  return new Map(wanted.map((name) => [name, outputs.get(name) as GraphTensor]));
}

/** In the topology's order, so that each comes after what it takes in. */
function layersBetween(
  topology: Topology,
  given: ReadonlyMap<string, GraphTensor>,
  wanted: readonly string[],
): Layer[] {
  const needed = new Set<string>();
  const open = [...wanted];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (needed.has(name) || given.has(name)) continue;
    needed.add(name);
    open.push(...layerOf(topology, name).inputs);
  }
  return [...topology.layers.values()].filter(({ name }) => needed.has(name));
}

/** The BatchNorms that can be worked into the convolution before them, each with that convolution. */
function foldedPairs(
  topology: Topology,
  needed: readonly Layer[],
  wanted: readonly string[],
): FoldedPair[] {
  const readers = new Map<string, number>();
  const read = [...wanted, ...[...topology.layers.values()].flatMap(({ inputs }) => inputs)];
  for (const name of read) readers.set(name, (readers.get(name) ?? 0) + 1);

  return needed.flatMap((norm) => {
    const [name = ''] = norm.inputs;
    const convolution = needed.find((layer) => layer.name === name); // not if it is given
    if (norm.operation.kind !== 'norm' || convolution?.operation.kind !== 'convolution') return [];
    const isPlain = convolution.operation.activation === 'linear' && !convolution.weights.bias;
    return isPlain && readers.get(name) === 1 ? [{ convolution, norm }] : [];
  });
}
