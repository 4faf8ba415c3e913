import type { Shape } from './graph.ts';
import { type Layer, type WeightRole, weightName } from './layer.ts';

/** A network and its weights, as the engine reads them from a layers-model and writes them into graphs. */
export interface Topology {
  readonly name: string;
  readonly layers: ReadonlyMap<string, Layer>; // by name; each comes after its inputs, the first takes the pictures
  readonly output: string; // the layer whose output the network gives
  readonly weights: ReadonlyMap<string, Float32Array>; // by `layer/weight`
}

/** @throws Error if there is none of that name: who asks has the name from this topology */
export function layerOf({ name, layers }: Topology, wanted: string): Layer {
  const layer = layers.get(wanted);
  if (!layer) throw new Error(`${name} has no layer "${wanted}".`);
  return layer;
}

/** @throws Error if the layer has no such weight */
export function weightOf({ weights }: Topology, layer: Layer, role: WeightRole): Float32Array {
  const values = weights.get(weightName(layer, role));
  if (!values) throw new Error(`The layer ${layer.name} has no ${role}.`);
  return values;
}

/** The layer that takes the pictures. */
export function inputOf(topology: Topology): Layer {
  const [first] = topology.layers.values();
  if (!first) throw new Error(`${topology.name} has no layers.`);
  return first;
}

/** All layers that the given ones are computed from, themselves included. */
export function layersBehind(topology: Topology, names: Iterable<string>): Set<string> {
  const behind = new Set<string>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (behind.has(name)) continue;
    behind.add(name);
    open.push(...layerOf(topology, name).inputs);
  }
  return behind;
}

/** The network with some of its weights exchanged, as after a training. */
export function withWeights(
  topology: Topology,
  changed: ReadonlyMap<string, Float32Array>,
): Topology {
  const weights = new Map(topology.weights);
  for (const [name, values] of changed) {
    const length = weights.get(name)?.length;
    if (length !== values.length) {
      throw new Error(`${name} has ${values.length} values instead of ${length ?? 'none'}.`);
    }
    weights.set(name, values);
  }
  return { ...topology, weights };
}

export const sizeOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);
