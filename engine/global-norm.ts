import { FLOAT, type Graph, type GraphTensor, scalar } from './graph.ts';

/**
 * Makes gradients shorter, all by one factor, where together they are longer than allowed.
 *
 * @param longest undefined: as long as they are
 * @returns also how long they were before
 */
export function clipByGlobalNorm(
  graph: Graph,
  gradients: readonly GraphTensor[],
  longest: number | undefined,
): { clipped: readonly GraphTensor[]; norm: GraphTensor } {
  const squares = gradients.map((each) => graph.add('L2Loss', [each], { T: FLOAT }, [])); // half of them
  const sum = graph.add('AddN', squares, { N: { int: squares.length }, T: FLOAT }, []);
  const square = graph.add('Mul', [sum, scalar(graph, 2)], { T: FLOAT }, []);
  const norm = graph.add('Sqrt', [square], { T: FLOAT }, []);
  if (longest === undefined) return { clipped: gradients, norm };

  const limit = scalar(graph, longest);
  const larger = graph.add('Maximum', [norm, limit], { T: FLOAT }, []);
  const factor = graph.add('RealDiv', [limit, larger], { T: FLOAT }, []);
  const clipped = gradients.map((each) =>
    graph.add('Mul', [each, factor], { T: FLOAT }, each.shape),
  );
  return { clipped, norm };
}
