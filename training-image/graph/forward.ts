import type { GraphTensor } from './graph.ts';
import type { Layer } from './layer.ts';
import type { Tape } from './tape.ts';
import { layerOf, type Topology } from './topology.ts';
import type { WeightSource } from './weight-source.ts';
import { type TrainingMode, writeFolded, writeLayer } from './write-layer.ts';

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
  const folded = training?.keepAverages ? new Map() : foldedConvolutions(topology, needed, wanted);
  const isFolded = new Set(folded.values());

  const outputs = new Map(given);
  const inputsOf = (layer: Layer) =>
    layer.inputs.map((name) => outputs.get(name)) as [GraphTensor, ...GraphTensor[]];
  for (const layer of needed) {
    if (isFolded.has(layer)) continue;
    const convolution = folded.get(layer);
    const output = convolution
      ? writeFolded(tape, convolution, layer, inputsOf(convolution)[0], weights)
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

/** For each BatchNorm that can be worked into the convolution before it, that convolution. */
function foldedConvolutions(
  topology: Topology,
  needed: readonly Layer[],
  wanted: readonly string[],
): Map<Layer, Layer> {
  const readers = new Map<string, number>();
  const read = [...wanted, ...[...topology.layers.values()].flatMap(({ inputs }) => inputs)];
  for (const name of read) readers.set(name, (readers.get(name) ?? 0) + 1);

  const folded = new Map<Layer, Layer>();
  for (const norm of needed) {
    const [name = ''] = norm.inputs;
    const before = needed.find((layer) => layer.name === name); // not if it is given
    if (norm.operation.kind !== 'norm' || before?.operation.kind !== 'convolution') continue;
    const isPlain = before.operation.activation === 'linear' && readers.get(name) === 1;
    if (isPlain) folded.set(norm, before);
  }
  return folded;
}
