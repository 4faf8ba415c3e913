import { at } from '#core/at.ts';
import { FLOAT, type GraphTensor, INT, integers, type Shape, scalar } from '../graph.ts';
import type { Tape } from '../tape.ts';
import type { Sliding } from './convolution.ts';
import { reshaped, shapeOf } from './shape.ts';

export interface Pooling extends Sliding {
  size: readonly [number, number];
}

/**
 * The mean of each window; padding does not count.
 *
 * @param x [n, h, w, c]
 * @returns of the given shape, [n, h', w', c]
 */
export function averagePool(
  tape: Tape,
  x: GraphTensor,
  { size, strides, padding }: Pooling,
  shape: Shape,
): GraphTensor {
  const { graph } = tape;
  const attributes = {
    T: FLOAT,
    ksize: { ints: [1, ...size, 1] },
    strides: { ints: [1, ...strides, 1] },
    padding,
    data_format: 'NHWC',
  };
  const y = graph.add('AvgPool', [x], attributes, shape);
  return tape.record(y, [x], (dy) => [
    () => graph.add('AvgPoolGrad', [shapeOf(graph, x), dy], attributes, x.shape),
  ]);
}

/**
 * The mean over height and width.
 *
 * @param x [n, h, w, c]
 * @returns [n, c]
 */
export function globalAverage(tape: Tape, x: GraphTensor): GraphTensor {
  const { graph } = tape;
  const n = at(x.shape, 0);
  const pixels = at(x.shape, 1) * at(x.shape, 2);
  const c = at(x.shape, 3);
  const attributes = { T: FLOAT, Tidx: INT, keep_dims: false };
  const y = graph.add('Mean', [x, integers(graph, [1, 2])], attributes, [n, c]);
  return tape.record(y, [x], (dy) => [
    () => {
      const perPixel = graph.add('Mul', [dy, scalar(graph, 1 / pixels)], { T: FLOAT }, [n, c]);
      const pixel = reshaped(graph, perPixel, [n, 1, 1, c]);
      const attributes = { T: FLOAT, Tidx: INT };
      return graph.add('BroadcastTo', [pixel, shapeOf(graph, x)], attributes, x.shape);
    },
  ]);
}
