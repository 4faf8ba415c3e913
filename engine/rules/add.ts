import { FLOAT, type GraphTensor } from '../graph.ts';
import type { Tape } from '../tape.ts';

/** Of two tensors of one shape. */
export function add(tape: Tape, a: GraphTensor, b: GraphTensor): GraphTensor {
  const y = tape.graph.add('AddV2', [a, b], { T: FLOAT }, a.shape);
  return tape.record(y, [a, b], (dy) => [() => dy, () => dy]);
}
