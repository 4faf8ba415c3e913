import { lookUp } from '#core/at.ts';
import { writeForward } from './forward.ts';
import { FLOAT, type Graph, type GraphTensor, newGraph, type Shape } from './graph.ts';
import { openSession } from './session.ts';
import { newTape } from './tape.ts';
import { inputOf, type Topology } from './topology.ts';
import { constantWeights } from './weights.ts';

/** The first layers of a network as a graph of constants, with its BatchNorms folded into the convolutions. */
export interface FrozenPrefix {
  /** The shape of each output for one example. */
  readonly shapes: readonly Shape[];
  /**
   * @param images [n, height, width, channels], 0 to 255; borrowed, not copied
   * @returns the values of each output, [n, …], in the order in which they were asked for
   */
  run(images: Uint8Array, n: number): Float32Array[];
  dispose(): void;
}

/**
 * Writes a network as far as the given layers, and opens a session for it.
 *
 * @param layers the layers whose outputs are wanted
 */
export function frozenPrefix(topology: Topology, layers: readonly string[]): FrozenPrefix {
  const graph = newGraph();
  const input = inputOf(topology);
  const images = graph.placeholder('images', 'uint8', input.shape);
  const outputs = writeForward(
    newTape(graph),
    topology,
    new Map([[input.name, pixelsOf(graph, images)]]),
    layers,
    constantWeights(graph, topology),
  );
  const fetches = layers.map((layer) => lookUp(outputs, layer));
  const session = openSession(graph);

  return {
    shapes: fetches.map(({ shape }) => shape.slice(1)),
    run(values, n) {
      if (n === 0) return fetches.map(() => new Float32Array()); // TensorFlow's fused kernels reject empty batches
      return session.run([{ into: images, values, shape: [n, ...input.shape.slice(1)] }], fetches);
    },
    dispose: session.dispose,
  };
}

/** Pixels as floats. */
export const pixelsOf = (graph: Graph, images: GraphTensor): GraphTensor =>
  graph.add(
    'Cast',
    [images],
    { SrcT: { type: 'uint8' }, DstT: FLOAT, Truncate: false },
    images.shape,
  );
