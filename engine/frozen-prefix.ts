import { constantWeights } from './constant-weights.ts';
import { writeForward } from './forward.ts';
import { FLOAT, type Graph, type GraphTensor, newGraph, type Shape } from './graph.ts';
import { globalAverage } from './rules/global-average.ts';
import { openSession } from './session.ts';
import { newTape } from './tape.ts';
import { inputOf, type Topology } from './topology.ts';

/** A layer whose output is wanted; `averaged`: over the picture, one number a channel. */
export interface Tap {
  layer: string;
  averaged?: boolean;
}

/** The first layers of a network as a graph of constants, its BatchNorms worked into the convolutions. */
export interface FrozenPrefix {
  /** The sizes of what each tap gives for one example. */
  readonly shapes: readonly Shape[];
  /**
   * @param images [n, height, width, channels], 0 to 255; lent, not copied
   * @returns for each tap its values, [n, …], in the order of the taps
   */
  run(images: Uint8Array, n: number): Float32Array[];
  dispose(): void;
}

/** Writes a network as far as the taps need it, and gives it to TensorFlow. */
export function frozenPrefix(topology: Topology, taps: readonly Tap[]): FrozenPrefix {
  const graph = newGraph();
  const tape = newTape(graph);
  const input = inputOf(topology);
  const images = graph.placeholder('images', 'uint8', input.shape);
  const outputs = writeForward(
    tape,
    topology,
    new Map([[input.name, pixelsOf(graph, images)]]),
    taps.map(({ layer }) => layer),
    constantWeights(graph, topology),
  );
  const fetches = taps.map(({ layer, averaged }) => {
    const output = outputs.get(layer) as GraphTensor;
    return averaged ? globalAverage(tape, output) : output;
  });
  const session = openSession(graph);

  return {
    shapes: fetches.map(({ shape }) => shape.slice(1)),
    run(values, n) {
      if (n === 0) return fetches.map(() => new Float32Array()); // TensorFlow's fused kernels refuse it
      return session.run([{ into: images, values, shape: [n, ...input.shape.slice(1)] }], fetches);
    },
    dispose: session.dispose,
  };
}

/** Pixels as the numbers that a network computes with. */
export const pixelsOf = (graph: Graph, images: GraphTensor): GraphTensor =>
  graph.add(
    'Cast',
    [images],
    { SrcT: { type: 'uint8' }, DstT: FLOAT, Truncate: false },
    images.shape,
  );
