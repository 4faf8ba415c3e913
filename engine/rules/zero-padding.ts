import { FLOAT, type GraphTensor, INT, integers, type Shape } from '../graph.ts';
import type { Tape } from '../tape.ts';

/**
 * Zeros around pictures.
 *
 * @param x [n, h, w, c]
 * @returns of the given shape, [n, top + h + bottom, left + w + right, c]
 */
export function zeroPadding(
  tape: Tape,
  x: GraphTensor,
  { top, bottom, left, right }: { top: number; bottom: number; left: number; right: number },
  shape: Shape,
): GraphTensor {
  const { graph } = tape;
  const sides = graph.constant(Int32Array.of(0, 0, top, bottom, left, right, 0, 0), [4, 2]);
  const y = graph.add('Pad', [x, sides], { T: FLOAT, Tpaddings: INT }, shape);
  return tape.record(y, [x], (dy) => [
    () => {
      const begin = integers(graph, [0, top, left, 0]);
      const size = integers(graph, x.shape); // -1 means all, here
      return graph.add('Slice', [dy, begin, size], { T: FLOAT, Index: INT }, x.shape);
    },
  ]);
}
