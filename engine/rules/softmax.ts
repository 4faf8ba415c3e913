import { FLOAT, type GraphTensor, INT, integers } from '../graph.ts';
import type { Tape } from '../tape.ts';

/** Over the last axis. */
export function softmax(tape: Tape, x: GraphTensor): GraphTensor {
  const { graph } = tape;
  const attributes = { T: FLOAT };
  const y = graph.add('Softmax', [x], attributes, x.shape);
  return tape.record(y, [x], (dy) => [
    () => {
      const product = graph.add('Mul', [dy, y], attributes, x.shape);
      const mean = graph.add(
        'Sum',
        [product, integers(graph, [-1])],
        { T: FLOAT, Tidx: INT, keep_dims: true },
        [...x.shape.slice(0, -1), 1],
      ); // of dy, weighted by y
      const centred = graph.add('Sub', [dy, mean], attributes, x.shape);
      return graph.add('Mul', [centred, y], attributes, x.shape);
    },
  ]);
}
