import type { Layer } from './layer.ts';
import { inputOf, layersBehind, type Topology } from './topology.ts';

/** A network in two: what stays as it is, and what is trained. */
export interface Cut {
  /** The layer whose output the trained part takes in: the end of the last frozen block, or the pictures. */
  at: string;
  /** The trained layers, each with its block: 0 is the first trained one, `retrained` is the head. */
  trained: ReadonlyMap<Layer, number>;
}

/**
 * Cuts a network before its last blocks.
 *
 * @param blocks the layers that blocks end with, in their order; what follows the last one is the head
 * @param retrained how many of the last blocks are trained, besides the head
 * @throws Error if there is another way around the cut, or there are fewer blocks
 */
export function cutNetwork(topology: Topology, blocks: readonly string[], retrained: number): Cut {
  const frozen = blocks.length - retrained;
  if (frozen < 0) throw new Error(`There are ${blocks.length} blocks, not ${retrained}.`);
  const at = blocks[frozen - 1] ?? inputOf(topology).name;
  const before = layersBehind(topology, [at]);
  const inside = blocks.slice(frozen).map((end) => layersBehind(topology, [end]));

  const trained = new Map<Layer, number>();
  for (const name of layersBehind(topology, [topology.output])) {
    const layer = topology.layers.get(name);
    if (!layer || before.has(name)) continue;
    const around = layer.inputs.find((input) => before.has(input) && input !== at);
    if (around) throw new Error(`${name} takes in ${around}, which lies before the cut at ${at}.`);
    const block = inside.findIndex((layers) => layers.has(name));
    trained.set(layer, block === -1 ? retrained : block);
  }
  return { at, trained };
}
