import { FLOAT, type GraphTensor, scalar } from '../graph.ts';
import type { Tape } from '../tape.ts';

/** x * scale + offset, with two numbers. */
export function rescale(tape: Tape, x: GraphTensor, scale: number, offset: number): GraphTensor {
  const { graph } = tape;
  const times = (tensor: GraphTensor) =>
    graph.add('Mul', [tensor, scalar(graph, scale)], { T: FLOAT }, x.shape);
  const y = graph.add('AddV2', [times(x), scalar(graph, offset)], { T: FLOAT }, x.shape);
  return tape.record(y, [x], (dy) => [() => times(dy)]);
}
