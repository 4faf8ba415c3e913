import { FLOAT, type GraphTensor, INT, scalar } from '../graph.ts';
import type { Tape } from '../tape.ts';
import { shapeOf } from './shape-of.ts';

/**
 * Makes some values zero and the others larger, so that the mean stays.
 *
 * @param rate the share that becomes zero, 0 to 1
 * @param seed int32 [2]; the same seed drops the same values
 */
export function dropout(tape: Tape, x: GraphTensor, rate: number, seed: GraphTensor): GraphTensor {
  const { graph } = tape;
  const uniform = graph.add(
    'StatelessRandomUniform',
    [shapeOf(graph, x), seed],
    { dtype: FLOAT, T: INT, Tseed: INT },
    x.shape,
  ); // 0 to 1
  const isKept = graph.add('GreaterEqual', [uniform, scalar(graph, rate)], { T: FLOAT }, x.shape, {
    dtype: 'bool',
  });
  const cast = { SrcT: { type: 'bool' }, DstT: FLOAT, Truncate: false } as const;
  const kept = graph.add('Cast', [isKept], cast, x.shape); // 1 or 0
  const factor = scalar(graph, 1 / (1 - rate));
  const mask = graph.add('Mul', [kept, factor], { T: FLOAT }, x.shape);
  const masked = (tensor: GraphTensor) => graph.add('Mul', [tensor, mask], { T: FLOAT }, x.shape);
  return tape.record(masked(x), [x], (dy) => [() => masked(dy)]);
}
