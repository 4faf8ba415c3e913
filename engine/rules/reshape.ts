import { FLOAT, type GraphTensor, INT, integers, type Shape } from '../graph.ts';
import type { Tape } from '../tape.ts';

/** To a shape of as many values, in which at most one size is -1. */
export function reshape(tape: Tape, x: GraphTensor, shape: Shape): GraphTensor {
  const { graph } = tape;
  const to = (tensor: GraphTensor, sizes: Shape) =>
    graph.add('Reshape', [tensor, integers(graph, sizes)], { T: FLOAT, Tshape: INT }, sizes);
  return tape.record(to(x, shape), [x], (dy) => [() => to(dy, x.shape)]);
}
