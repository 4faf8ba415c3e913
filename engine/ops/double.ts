import { FLOAT, type Graph, type GraphTensor, type Shape } from '../graph.ts';

// Linear systems are solved in double precision; everything else in the engine is in single precision.

export const DOUBLE = { type: 'float64' } as const;
export const INTO_DOUBLE = { dtype: 'float64' } as const;

/** Adds a node whose only attribute is its type. */
export const double = (
  graph: Graph,
  operation: string,
  inputs: readonly GraphTensor[],
  shape: Shape,
): GraphTensor => graph.add(operation, inputs, { T: DOUBLE }, shape, INTO_DOUBLE);

export const toDouble = (graph: Graph, x: GraphTensor): GraphTensor =>
  graph.add('Cast', [x], { SrcT: FLOAT, DstT: DOUBLE, Truncate: false }, x.shape, INTO_DOUBLE);

export const toSingle = (graph: Graph, x: GraphTensor): GraphTensor =>
  graph.add('Cast', [x], { SrcT: DOUBLE, DstT: FLOAT, Truncate: false }, x.shape);

/** Solves L x = b, or Lᵀ x = b, for a lower triangular L. */
export const solveTriangular = (
  graph: Graph,
  lower: GraphTensor,
  rightSide: GraphTensor,
  shape: Shape,
  { adjoint }: { adjoint: boolean },
): GraphTensor =>
  graph.add(
    'MatrixTriangularSolve',
    [lower, rightSide],
    { T: DOUBLE, lower: true, adjoint },
    shape,
    INTO_DOUBLE,
  );
