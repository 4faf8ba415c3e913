import { at } from '#core/at.ts';
import { FLOAT, type Graph, type GraphTensor, INT, newGraph, type Shape, scalar } from './graph.ts';
import { DOUBLE, double, INTO_DOUBLE, solveTriangular, toDouble, toSingle } from './ops/double.ts';
import { standardize } from './ops/standardize.ts';
import { openSession } from './session.ts';

/** A matrix of features, [n, d] row by row. */
export interface FeatureMatrix {
  readonly d: number;
  readonly values: Float32Array;
}

/** Some examples to learn from, and others to predict; their indices among all. */
export interface Fold {
  readonly train: Int32Array; // [m]
  readonly heldOut: Int32Array; // [h]
  readonly targets: Float32Array; // [m, c], of the examples to learn from
}

/** Ridge regressions on several sets of features with several penalties. */
export interface Ridge {
  /**
   * Fits everything to the examples to learn from, in one session call.
   *
   * @returns for each set, the predictions for the held-out examples, [penalties, h, c]
   */
  run(fold: Fold): Float32Array[];
  dispose(): void;
}

/**
 * Opens ridge regression in its dual form, whose cost hardly depends on the number of features: with the kernel
 * K = Z Zᵀ / D + 1, the predictions are K (K + λI)⁻¹ Y. The 1 is a penalised bias.
 *
 * Z are the standardised features; only the examples to learn from determine mean and deviation. Centring over all
 * examples would leak the labels of the held-out ones as soon as there are more features than examples. The Gram matrix
 * of each group is computed once, and shared by all sets that contain the group.
 *
 * The equations are solved in double precision, the Gram matrices are summed in single precision: of targets around 1,
 * predictions are exact to about 1e-7 / λ. Gram matrices in double precision would take twice as long.
 *
 * @param groups of features of the same examples; borrowed until `dispose`
 * @param sets the indices of the groups of each set; D is the number of features of the set
 * @param penalties λ
 * @param outputs c, the number of columns of the targets
 */
export function openRidge(
  groups: readonly FeatureMatrix[],
  sets: readonly (readonly number[])[],
  penalties: readonly number[],
  outputs: number,
): Ridge {
  const graph = newGraph();
  const train = graph.placeholder('train', 'int32', [-1]);
  const heldOut = graph.placeholder('held_out', 'int32', [-1]);
  const targets = graph.placeholder('targets', 'float32', [-1, outputs]);
  const features = groups.map(({ d }, i) => graph.placeholder(`group${i}`, 'float32', [-1, d]));
  const grams = features.map((each) => gramsOf(graph, each, train, heldOut));

  const y = toDouble(graph, targets);
  const penalty = penaltyMatrices(graph, train, penalties);
  const fetches: GraphTensor[] = [];
  for (const members of sets) {
    const d = members.reduce((sum, group) => sum + at(groups, group).d, 0);
    const gramsOfSet = members.map((group) => at(grams, group));
    // One set after the other, so that the factors of only one are in memory.
    const after = fetches.slice(-1);
    const within = kernelOf(
      graph,
      gramsOfSet.map(([gram]) => gram),
      d,
      after,
    );
    const across = kernelOf(
      graph,
      gramsOfSet.map(([, gram]) => gram),
      d,
      after,
    );
    fetches.push(predictions(graph, within, across, penalty, y, penalties.length));
  }
  const session = openSession(graph);

  return {
    run(fold) {
      const n = at(groups, 0).values.length / at(groups, 0).d;
      const m = fold.train.length;
      return session.run(
        [
          { into: train, values: fold.train, shape: [m] },
          { into: heldOut, values: fold.heldOut, shape: [fold.heldOut.length] },
          { into: targets, values: fold.targets, shape: [m, outputs] },
          ...groups.map(({ d, values }, i) => ({ into: at(features, i), values, shape: [n, d] })),
        ],
        fetches,
      );
    },
    dispose: session.dispose,
  };
}

/** The inner products of a group: of the examples to learn from with each other, and of the held-out ones with those. */
function gramsOf(
  graph: Graph,
  features: GraphTensor,
  train: GraphTensor,
  heldOut: GraphTensor,
): readonly [within: GraphTensor, across: GraphTensor] {
  const rows = (indices: GraphTensor) =>
    graph.add(
      'GatherV2',
      [features, indices, graph.constant(Int32Array.of(0), [])],
      { Tparams: FLOAT, Tindices: INT, Taxis: INT, batch_dims: { int: 0 } },
      features.shape,
    );
  const learned = rows(train);
  const [z, held] = standardize(graph, learned, [learned, rows(heldOut)]) as [
    GraphTensor,
    GraphTensor,
  ];
  const attributes = { T: FLOAT, transpose_a: false, transpose_b: true };
  const product = (x: GraphTensor) =>
    toDouble(graph, graph.add('MatMul', [x, z], attributes, [-1, -1]));
  return [product(z), product(held)];
}

/** The sum of Gram matrices, divided by the number of features, plus 1. */
function kernelOf(
  graph: Graph,
  grams: readonly GraphTensor[],
  d: number,
  after: readonly GraphTensor[],
): GraphTensor {
  const shape: Shape = [-1, -1];
  const options = { ...INTO_DOUBLE, after };
  const sum = graph.add('AddN', grams, { T: DOUBLE, N: { int: grams.length } }, shape, options);
  const mean = double(graph, 'Mul', [sum, toDouble(graph, scalar(graph, 1 / d))], shape);
  return double(graph, 'AddV2', [mean, toDouble(graph, scalar(graph, 1))], shape);
}

/** λI for each penalty, [penalties, m, m]. */
function penaltyMatrices(graph: Graph, train: GraphTensor, penalties: readonly number[]) {
  const count = penalties.length;
  const ones = graph.add('OnesLike', [train], { T: INT }, [-1], { dtype: 'int32' });
  const diagonal = graph.add(
    'Cast',
    [ones],
    { SrcT: INT, DstT: DOUBLE, Truncate: false },
    [-1],
    INTO_DOUBLE,
  );
  const values = toDouble(graph, graph.constant(Float32Array.from(penalties), [count, 1]));
  return double(
    graph,
    'MatrixDiag',
    [double(graph, 'Mul', [values, diagonal], [count, -1])],
    [count, -1, -1],
  );
}

/** Solves (K + λI) α = Y by Cholesky's factors for all penalties at once, and predicts. */
function predictions(
  graph: Graph,
  within: GraphTensor,
  across: GraphTensor,
  penalty: GraphTensor,
  y: GraphTensor,
  penalties: number,
): GraphTensor {
  const matrices = [penalties, -1, -1];
  const vectors = [penalties, -1, at(y.shape, 1)];
  const factor = double(
    graph,
    'Cholesky',
    [double(graph, 'AddV2', [within, penalty], matrices)],
    matrices,
  );
  const solve = (rightSide: GraphTensor, adjoint: boolean) =>
    solveTriangular(graph, factor, rightSide, vectors, { adjoint });
  const alpha = solve(solve(y, false), true);
  const predicted = graph.add(
    'BatchMatMulV2',
    [across, alpha],
    { T: DOUBLE, adj_x: false, adj_y: false },
    vectors,
    INTO_DOUBLE,
  );
  return toSingle(graph, predicted);
}
