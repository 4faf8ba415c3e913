import { at, lookUp } from '#core/at.ts';
import type { GraphTensor } from './graph.ts';
import type { Tape } from './tape.ts';
import { type Layer, layerOf, type Topology } from './topology.ts';
import type { FoldablePair, WeightSource } from './weights.ts';
import { convolve, writeLayer } from './write-layer.ts';

/**
 * Writes the part of a network between given layers and wanted ones.
 *
 * A BatchNorm is folded into the convolution before it where possible, which saves a pass over its activations.
 *
 * @param given outputs of layers that are in the graph already
 * @returns the outputs of the wanted layers, by name
 */
export function writeForward(
  tape: Tape,
  topology: Topology,
  given: ReadonlyMap<string, GraphTensor>,
  wanted: readonly string[],
  weights: WeightSource,
): ReadonlyMap<string, GraphTensor> {
  const needed = layersBetween(topology, given, wanted);
  const pairs = foldablePairs(topology, needed, wanted);
  const foldedBy = new Map(weights.fold(pairs).map((each) => [each.norm, each]));
  const folded = new Set(pairs.map(({ convolution }) => convolution));

  const outputs = new Map(given);
  const inputsOf = (layer: Layer) => layer.inputs.map((name) => lookUp(outputs, name));
  for (const layer of needed) {
    if (folded.has(layer)) continue; // written with its BatchNorm
    const pair = foldedBy.get(layer);
    const output = pair
      ? convolve(tape, pair.convolution, at(inputsOf(pair.convolution), 0), pair)
      : writeLayer(tape, layer, inputsOf(layer), weights);
    outputs.set(layer.name, output);
  }
  return new Map(wanted.map((name) => [name, lookUp(outputs, name)]));
}

/** In the topology's order, in which each layer comes after its inputs. */
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

/** The BatchNorms that can be folded into the convolution before them, each with that convolution. */
function foldablePairs(
  topology: Topology,
  needed: readonly Layer[],
  wanted: readonly string[],
): FoldablePair[] {
  const readers = new Map<string, number>();
  const read = [...wanted, ...[...topology.layers.values()].flatMap(({ inputs }) => inputs)];
  for (const name of read) readers.set(name, (readers.get(name) ?? 0) + 1);

  return needed.flatMap((norm) => {
    if (norm.operation.kind !== 'batch-norm') return [];
    const name = at(norm.inputs, 0);
    const convolution = needed.find((layer) => layer.name === name); // none if it is given
    if (convolution?.operation.kind !== 'convolution') return [];
    const isPlain = convolution.operation.activation === 'linear' && !convolution.weights.bias;
    return isPlain && readers.get(name) === 1 ? [{ convolution, norm }] : [];
  });
}
