import { FLOAT, type Graph, type GraphTensor, INT, integers } from '../graph.ts';
import type { Tape } from '../tape.ts';
import { sizeOf } from '../topology.ts';

/**
 * Multiplies what a kernel gives by one number a channel.
 *
 * @param kernel [kh, kw, c, d], or of a depthwise convolution [kh, kw, c, m]
 * @param scale [d], or [c * m]
 */
export function scaleChannels(tape: Tape, kernel: GraphTensor, scale: GraphTensor): GraphTensor {
  const { graph } = tape;
  const [channels = 0] = scale.shape;
  const rows = sizeOf(kernel.shape) / channels;
  const flat = (tensor: GraphTensor) => reshaped(graph, tensor, [rows, channels]);
  const scaled = (tensor: GraphTensor) =>
    graph.add(
      'Mul',
      [tensor, reshaped(graph, scale, lastAxes(kernel.shape, channels))],
      { T: FLOAT },
      kernel.shape,
    );

  return tape.record(scaled(kernel), [kernel, scale], (dy) => [
    () => scaled(dy),
    () => {
      const product = graph.add('Mul', [dy, kernel], { T: FLOAT }, kernel.shape);
      const attributes = { T: FLOAT, Tidx: INT, keep_dims: false };
      return graph.add('Sum', [flat(product), integers(graph, [0])], attributes, [channels]);
    },
  ]);
}

function reshaped(graph: Graph, x: GraphTensor, shape: readonly number[]): GraphTensor {
  if (x.shape.join() === shape.join()) return x;
  return graph.add('Reshape', [x, integers(graph, shape)], { T: FLOAT, Tshape: INT }, shape);
}

/** The last axis of a kernel, or the last two where they make up the channels only together. */
function lastAxes(shape: readonly number[], channels: number): readonly number[] {
  return shape.at(-1) === channels ? [channels] : shape.slice(-2);
}
