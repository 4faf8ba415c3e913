import { at } from '#core/at.ts';
import { FLOAT, type Graph, type GraphTensor, newGraph, type Shape } from './graph.ts';
import { openSession, type Session } from './session.ts';

const DOUBLE = { type: 'float64' } as const;
const INTO_DOUBLE = { dtype: 'float64' } as const;

/** The lower triangular L with L Lᵀ = X Xᵀ, for a matrix X with more columns than rows. */
export interface GramFactor {
  readonly rows: Float32Array; // L, [n, n] row by row
  /**
   * What a linear function of the rows of L is as a function of the rows of X: the shortest W with X W = L V.
   *
   * @param v [n, c]
   * @returns W, [d, c]
   */
  extend(v: Float32Array, c: number): Float32Array;
  dispose(): void;
}

/**
 * Turns examples with many features into as many features as there are examples. Everything that depends on the examples
 * only by their inner products, as a linear classifier with an L2 penalty does, stays the same.
 *
 * @param x [n, d] row by row; borrowed until `dispose`
 */
export function gramFactor(x: Float32Array, n: number): GramFactor {
  const d = x.length / n;
  const graph = newGraph();
  const features = graph.placeholder('features', 'float32', [n, d]);
  const gram = graph.add(
    'MatMul',
    [features, features],
    { T: FLOAT, transpose_a: false, transpose_b: true },
    [n, n],
  );
  const factor = graph.add(
    'Cholesky',
    [withRidge(graph, cast(graph, gram, 'double'), n)],
    { T: DOUBLE },
    [n, n],
    INTO_DOUBLE,
  );
  const rows = cast(graph, factor, 'float');

  const known = graph.placeholder('factor', 'float32', [n, n]);
  const values = graph.placeholder('values', 'float32', [n, -1]);
  const solved = graph.add(
    'MatrixTriangularSolve',
    [cast(graph, known, 'double'), cast(graph, values, 'double')],
    { T: DOUBLE, lower: true, adjoint: true },
    [n, -1],
    INTO_DOUBLE,
  );
  const extended = graph.add(
    'MatMul',
    [features, cast(graph, solved, 'float')],
    { T: FLOAT, transpose_a: true, transpose_b: false },
    [d, -1],
  );
  const session: Session = openSession(graph);
  const fed = { into: features, values: x, shape: [n, d] };
  const lower = at(session.run([fed], [rows]), 0);
  return {
    rows: lower,
    extend(v, c) {
      const feeds = [
        fed,
        { into: known, values: lower, shape: [n, n] },
        { into: values, values: v, shape: [n, c] },
      ];
      return at(session.run(feeds, [extended]), 0);
    },
    dispose: session.dispose,
  };
}

const RIDGE = 1e-6; // of the mean of the diagonal: equal rows, or rounding, would make the matrix singular

function withRidge(graph: Graph, gram: GraphTensor, n: number): GraphTensor {
  const shape: Shape = [n, n];
  const diagonal = graph.add('MatrixDiagPart', [gram], { T: DOUBLE }, [n], INTO_DOUBLE);
  const axes = graph.constant(Int32Array.of(0), [1]);
  const attributes = { T: DOUBLE, Tidx: { type: 'int32' } as const, keep_dims: false };
  const mean = graph.add('Mean', [diagonal, axes], attributes, [], INTO_DOUBLE);
  const factor = cast(graph, graph.constant(Float32Array.of(RIDGE), []), 'double');
  const added = graph.add('Mul', [mean, factor], { T: DOUBLE }, [], INTO_DOUBLE);
  const raised = graph.add('AddV2', [diagonal, added], { T: DOUBLE }, [n], INTO_DOUBLE);
  return graph.add('MatrixSetDiag', [gram, raised], { T: DOUBLE }, shape, INTO_DOUBLE);
}

function cast(graph: Graph, x: GraphTensor, to: 'float' | 'double'): GraphTensor {
  const [SrcT, DstT] = to === 'double' ? [FLOAT, DOUBLE] : [DOUBLE, FLOAT];
  const options = to === 'double' ? INTO_DOUBLE : {};
  return graph.add('Cast', [x], { SrcT, DstT, Truncate: false }, x.shape, options);
}
