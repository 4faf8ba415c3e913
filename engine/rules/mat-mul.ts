import { FLOAT, type GraphTensor } from '../graph.ts';
import type { Tape } from '../tape.ts';

/**
 * @param x [n, d]
 * @param kernel [d, e]
 * @returns [n, e]
 */
export function matMul(tape: Tape, x: GraphTensor, kernel: GraphTensor): GraphTensor {
  const { graph } = tape;
  const attributes = (transposeA: boolean, transposeB: boolean) => ({
    T: FLOAT,
    transpose_a: transposeA,
    transpose_b: transposeB,
  });
  const [n = -1] = x.shape;
  const [, e = -1] = kernel.shape;
  const y = graph.add('MatMul', [x, kernel], attributes(false, false), [n, e]);
  return tape.record(y, [x, kernel], (dy) => [
    () => graph.add('MatMul', [dy, kernel], attributes(false, true), x.shape),
    () => graph.add('MatMul', [x, dy], attributes(true, false), kernel.shape),
  ]);
}
