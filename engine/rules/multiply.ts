import { FLOAT, type GraphTensor } from '../graph.ts';
import type { Tape } from '../tape.ts';

/** Of two tensors of one shape, number by number. */
export function multiply(tape: Tape, a: GraphTensor, b: GraphTensor): GraphTensor {
  const product = (x: GraphTensor, y: GraphTensor) =>
    tape.graph.add('Mul', [x, y], { T: FLOAT }, a.shape);
  return tape.record(product(a, b), [a, b], (dy) => [() => product(dy, b), () => product(dy, a)]);
}
