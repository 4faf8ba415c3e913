import { FLOAT, type GraphTensor } from '../graph.ts';
import type { Tape } from '../tape.ts';

/** a - b, of one shape. */
export function subtract(tape: Tape, a: GraphTensor, b: GraphTensor): GraphTensor {
  const { graph } = tape;
  const y = graph.add('Sub', [a, b], { T: FLOAT }, a.shape);
  return tape.record(y, [a, b], (dy) => [
    () => dy,
    () => graph.add('Neg', [dy], { T: FLOAT }, b.shape),
  ]);
}
