import { FLOAT, type GraphTensor, INT, integers } from '../graph.ts';
import type { Tape } from '../tape.ts';
import { reshape } from './reshape.ts';

/**
 * Where several pixels are the largest, as the zeros after a rectifier are, they share the gradient; so does TensorFlow.
 *
 * @param x [n, h, w, c]
 * @returns [n, c]
 */
export function globalMax(tape: Tape, x: GraphTensor): GraphTensor {
  const { graph } = tape;
  const [n = -1, , , c = 1] = x.shape;
  const axes = integers(graph, [1, 2]);
  const overPixels = { T: FLOAT, Tidx: INT, keep_dims: false };
  const y = graph.add('Max', [x, axes], overPixels, [n, c]);
  return tape.record(y, [x], (dy) => [
    () => {
      const pixel = (tensor: GraphTensor) => reshape(tape, tensor, [n, 1, 1, c]);
      const equal = graph.add('Equal', [x, pixel(y)], { T: FLOAT }, x.shape, { dtype: 'bool' });
      const cast = { SrcT: { type: 'bool' }, DstT: FLOAT, Truncate: false } as const;
      const isLargest = graph.add('Cast', [equal], cast, x.shape); // 1 or 0
      const count = graph.add('Sum', [isLargest, axes], overPixels, [n, c]);
      const share = graph.add('RealDiv', [dy, count], { T: FLOAT }, [n, c]);
      return graph.add('Mul', [isLargest, pixel(share)], { T: FLOAT }, x.shape);
    },
  ]);
}
