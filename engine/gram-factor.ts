import { at } from '#core/at.ts';
import { FLOAT, type Graph, type GraphTensor, INT, newGraph, scalar } from './graph.ts';
import { DOUBLE, double, INTO_DOUBLE, solveTriangular, toDouble, toSingle } from './ops/double.ts';
import { openSession } from './session.ts';

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
  const ridge = graph.placeholder('ridge', 'float32', []);
  const factor = double(
    graph,
    'Cholesky',
    [withRidge(graph, toDouble(graph, gram), toDouble(graph, ridge), n)],
    [n, n],
  );
  const rows = toSingle(graph, factor);

  const known = graph.placeholder('factor', 'float32', [n, n]);
  const values = graph.placeholder('values', 'float32', [n, -1]);
  const [lowerRows, rightSide] = [toDouble(graph, known), toDouble(graph, values)];
  const solved = solveTriangular(graph, lowerRows, rightSide, [n, -1], { adjoint: true });
  const extended = graph.add(
    'MatMul',
    [features, toSingle(graph, solved)],
    { T: FLOAT, transpose_a: true, transpose_b: false },
    [d, -1],
  );
  const session = openSession(graph);
  const fed = { into: features, values: x, shape: [n, d] };
  const factorWith = (share: number) =>
    at(session.run([fed, { into: ridge, values: Float32Array.of(share), shape: [] }], [rows]), 0);
  // Of a matrix that rounding has made indefinite, as with nearly equal rows, the factor is not a number.
  let share = RIDGE;
  let lower = factorWith(share);
  while (!lower.every(Number.isFinite) && share < MAX_RIDGE) {
    share *= 10;
    lower = factorWith(share);
  }
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
const MAX_RIDGE = 1e-1;

function withRidge(graph: Graph, gram: GraphTensor, ridge: GraphTensor, n: number): GraphTensor {
  const diagonal = double(graph, 'MatrixDiagPart', [gram], [n]);
  const axes = graph.constant(Int32Array.of(0), [1]);
  const attributes = { T: DOUBLE, Tidx: INT, keep_dims: false };
  const mean = graph.add('Mean', [diagonal, axes], attributes, [], INTO_DOUBLE);
  // All rows may be zero: then the matrix gets a tiny diagonal of its own.
  const scale = double(graph, 'Maximum', [mean, toDouble(graph, scalar(graph, 1e-20))], []);
  const added = double(graph, 'Mul', [scale, ridge], []);
  const raised = double(graph, 'AddV2', [diagonal, added], [n]);
  return double(graph, 'MatrixSetDiag', [gram, raised], [n, n]);
}
