import { at, lookUp } from '#core/at.ts';
import { writeForward } from './forward.ts';
import { pixelsOf } from './frozen-prefix.ts';
import {
  FLOAT,
  type Graph,
  type GraphTensor,
  INT,
  integers,
  lastSize,
  newGraph,
  type Shape,
} from './graph.ts';
import { openSession } from './session.ts';
import { newTape } from './tape.ts';
import { inputOf, type Layer, type OperationOf, type Topology, weightOf } from './topology.ts';
import { constantWeights } from './weights.ts';

/** What goes into a BatchNorm, in units of its moving statistics: over images like the teacher's, 0 and 1. */
export interface NormalizedMoments {
  readonly layer: string;
  readonly mean: Float32Array; // [c], of (x - moving mean) / √(moving variance + ε)
  readonly meanSquare: Float32Array; // [c], of its square
}

/** Neighbouring positions tell much the same, and with all of them the moments would take longer than the network. */
const GRID = 12;

/** The moments of the inputs of all BatchNorms of a network. */
export interface BatchNormMoments {
  /**
   * @param images [n, height, width, channels], 0 to 255; n ≥ 1
   * @returns the moments over images and positions, by layer in the network's order; of a large image, over a grid of
   *   GRID to 2 GRID - 1 positions a side
   */
  run(images: Uint8Array, n: number): NormalizedMoments[];
  dispose(): void;
}

/** Writes a network as far as its last BatchNorm, with the moments in the graph: activations never leave TensorFlow. */
export function batchNormMoments(topology: Topology): BatchNormMoments {
  const graph = newGraph();
  const input = inputOf(topology);
  const images = graph.placeholder('images', 'uint8', input.shape);
  const norms = [...topology.layers.values()].filter(
    ({ operation }) => operation.kind === 'batch-norm',
  );
  const outputs = writeForward(
    newTape(graph),
    topology,
    new Map([[input.name, pixelsOf(graph, images)]]),
    norms.map(({ inputs }) => at(inputs, 0)), // wanted, hence not folded away
    constantWeights(graph, topology),
  );

  const fetches = norms.flatMap((norm) => {
    const x = sampled(graph, lookUp(outputs, at(norm.inputs, 0)));
    const c = lastSize(x.shape);
    const { factor, offset } = standardization(topology, norm);
    const binary = (operation: string, a: GraphTensor, values: Float32Array) =>
      graph.add(operation, [a, graph.constant(values, [c])], { T: FLOAT }, x.shape);
    // Normalised before the moments are taken: in float32, E[x²] - E[x]² would be lost where the mean is large.
    const z = binary('AddV2', binary('Mul', x, factor), offset);
    const mean = (values: GraphTensor) => {
      const axes = integers(
        graph,
        Array.from({ length: x.shape.length - 1 }, (_, axis) => axis),
      );
      const attributes = { T: FLOAT, Tidx: INT, keep_dims: false };
      return graph.add('Mean', [values, axes], attributes, [c]);
    };
    return [mean(z), mean(graph.add('Square', [z], { T: FLOAT }, x.shape))];
  });
  const session = openSession(graph);
  const imageShape: Shape = input.shape.slice(1);

  return {
    run(values, n) {
      const moments = session.run([{ into: images, values, shape: [n, ...imageShape] }], fetches);
      return norms.map(({ name }, i) => ({
        layer: name,
        mean: at(moments, 2 * i),
        meanSquare: at(moments, 2 * i + 1),
      }));
    },
    dispose: session.dispose,
  };
}

/** Every k-th row and column of an image, [n, h, w, c]; vectors and small images as they are. */
function sampled(graph: Graph, x: GraphTensor): GraphTensor {
  const { shape } = x;
  const step = (axis: number) =>
    shape.length === 4 && (axis === 1 || axis === 2)
      ? Math.max(1, Math.floor(at(shape, axis) / GRID))
      : 1;
  const steps = shape.map((_, axis) => step(axis));
  if (steps.every((each) => each === 1)) return x;
  const zeros = integers(
    graph,
    shape.map(() => 0),
  );
  const whole = 2 ** shape.length - 1; // from the first to the last element of each axis
  const attributes = {
    T: FLOAT,
    Index: INT,
    begin_mask: { int: whole },
    end_mask: { int: whole },
    ellipsis_mask: { int: 0 },
    new_axis_mask: { int: 0 },
    shrink_axis_mask: { int: 0 },
  };
  return graph.add(
    'StridedSlice',
    [x, zeros, zeros, integers(graph, steps)],
    attributes,
    shape.map((size, axis) => (size === -1 ? -1 : Math.ceil(size / at(steps, axis)))),
  );
}

/** The factor and the offset by which a BatchNorm standardises, before its gamma and beta. */
function standardization(topology: Topology, norm: Layer) {
  const { epsilon } = norm.operation as OperationOf<'batch-norm'>;
  const mean = weightOf(topology, norm, 'moving_mean');
  const variance = weightOf(topology, norm, 'moving_variance');
  const factor = variance.map((each) => 1 / Math.sqrt(each + epsilon));
  return { factor, offset: mean.map((each, channel) => -each * at(factor, channel)) };
}
