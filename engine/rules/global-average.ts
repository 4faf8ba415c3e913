import { FLOAT, type GraphTensor, INT, integers, scalar } from '../graph.ts';
import type { Tape } from '../tape.ts';
import { reshape } from './reshape.ts';
import { shapeOf } from './shape-of.ts';

/**
 * @param x [n, h, w, c]
 * @returns [n, c]
 */
export function globalAverage(tape: Tape, x: GraphTensor): GraphTensor {
  const { graph } = tape;
  const [n = -1, h = 1, w = 1, c = 1] = x.shape;
  const attributes = { T: FLOAT, Tidx: INT, keep_dims: false };
  const y = graph.add('Mean', [x, integers(graph, [1, 2])], attributes, [n, c]);
  return tape.record(y, [x], (dy) => [
    () => {
      const share = graph.add('Mul', [dy, scalar(graph, 1 / (h * w))], { T: FLOAT }, [n, c]);
      const pixel = reshape(tape, share, [n, 1, 1, c]);
      const attributes = { T: FLOAT, Tidx: INT };
      return graph.add('BroadcastTo', [pixel, shapeOf(graph, x)], attributes, x.shape);
    },
  ]);
}
