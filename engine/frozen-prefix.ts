import { at, lookUp } from '#core/at.ts';
import { writeForward } from './forward.ts';
import { FLOAT, type Graph, type GraphTensor, newGraph, type Shape, sizeOf } from './graph.ts';
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
  /** The number of values that all outputs have for one example. */
  readonly rowSize: number;
  /** Like `run`, but with all outputs of an example one after the other in its row, [n, rowSize]. */
  runInRows(images: Uint8Array, n: number): Float32Array;
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

  const shapes = fetches.map(({ shape }) => shape.slice(1));
  const run: FrozenPrefix['run'] = (values, n) => {
    if (n === 0) return fetches.map(() => new Float32Array()); // TensorFlow's fused kernels reject empty batches
    return session.run([{ into: images, values, shape: [n, ...input.shape.slice(1)] }], fetches);
  };
  return {
    shapes,
    run,
    rowSize: shapes.reduce((sum, shape) => sum + sizeOf(shape), 0),
    runInRows: (values, n) => inRows(run(values, n), shapes.map(sizeOf), n),
    dispose: session.dispose,
  };
}

/** @param outputs each [n, its size], row by row */
function inRows(
  outputs: readonly Float32Array[],
  sizes: readonly number[],
  n: number,
): Float32Array {
  if (outputs.length === 1) return at(outputs, 0);
  const rowSize = sizes.reduce((sum, size) => sum + size, 0);
  const rows = new Float32Array(n * rowSize);
  let offset = 0;
  for (const [index, output] of outputs.entries()) {
    const size = at(sizes, index);
    for (let i = 0; i < n; i++) {
      rows.set(output.subarray(i * size, (i + 1) * size), i * rowSize + offset);
    }
    offset += size;
  }
  return rows;
}

/** Pixels as floats. */
export const pixelsOf = (graph: Graph, images: GraphTensor): GraphTensor =>
  graph.add(
    'Cast',
    [images],
    { SrcT: { type: 'uint8' }, DstT: FLOAT, Truncate: false },
    images.shape,
  );
