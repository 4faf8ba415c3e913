import { at } from '#core/at.ts';
import { FLOAT, type Graph, type GraphTensor, newGraph, scalar } from '#engine/graph.ts';
import { double, toDouble, toSingle } from '#engine/ops/double.ts';
import { openSession } from '#engine/session.ts';
import type { ScaledBlocks } from './scaled-blocks.ts';

/** Multiplies a vector of kernel and bias, [d, classes] and [classes], by a matrix; linear. */
export type Preconditioner = (vector: Float64Array) => Float64Array;

/**
 * The inverse Hessian of softmax regression, if p (1 − p) were the same for all examples and classes. The Hessian is between
 * zero and half the covariance of the features, for each class (D. Böhning, Multinomial logistic regression algorithm, 1992).
 *
 * With smoothed labels, the probabilities at the minimum are close to the targets, so that this is close to the Hessian there:
 * on 2,000 MNIST digits, 16 iterations instead of 294. Without smoothing it is worse than the identity.
 *
 * @param blocks [n, d]; centred, so that the bias does not depend on the kernel
 * @param curvature mean of p (1 − p) over examples and classes
 * @returns `undefined` if rounding prevents it
 */
export async function preconditionerFor(
  blocks: ScaledBlocks,
  { n, d, classes }: { n: number; d: number; classes: number },
  l2: number,
  curvature: number,
): Promise<{ apply: Preconditioner; dispose(): void } | undefined> {
  const graph = newGraph();
  const covariance = graph.placeholder('covariance', 'float32', [d, d]);
  const scaled = double(
    graph,
    'Mul',
    [toDouble(graph, covariance), constant(graph, curvature)],
    [d, d],
  );
  const diagonal = double(graph, 'MatrixDiagPart', [scaled], [d]);
  const raised = double(graph, 'AddV2', [diagonal, constant(graph, l2)], [d]);
  const hessian = double(graph, 'MatrixSetDiag', [scaled, raised], [d, d]);
  const factor = toSingle(graph, double(graph, 'Cholesky', [hessian], [d, d]));

  const lower = graph.placeholder('lower', 'float32', [d, d]);
  const vector = graph.placeholder('vector', 'float32', [d, classes]);
  const solve = (rightSide: GraphTensor, adjoint: boolean) =>
    graph.add('MatrixTriangularSolve', [lower, rightSide], { T: FLOAT, lower: true, adjoint }, [
      d,
      classes,
    ]);
  const solved = solve(solve(vector, false), true);

  const covariances = { into: covariance, values: await covarianceOf(blocks, n, d), shape: [d, d] };
  const session = openSession(graph);
  const values = at(session.run([covariances], [factor]), 0);
  if (!values.every(Number.isFinite)) {
    session.dispose(); // rounding has made the matrix indefinite
    return undefined;
  }
  const factors = { into: lower, values, shape: [d, d] };
  return {
    apply(given) {
      const result = given.map((each) => each / curvature); // of the bias
      const kernel = new Float32Array(given.subarray(0, d * classes));
      const right = { into: vector, values: kernel, shape: [d, classes] };
      result.set(at(session.run([factors, right], [solved]), 0));
      return result;
    },
    dispose: session.dispose,
  };
}

const constant = (graph: Graph, value: number): GraphTensor =>
  toDouble(graph, scalar(graph, value));

/** [d, d] */
async function covarianceOf(blocks: ScaledBlocks, n: number, d: number): Promise<Float32Array> {
  const sum = new Float32Array(d * d);
  await blocks.each((x) => {
    const part = x.matMul(x, true, false).dataSync();
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (part[i] ?? 0) / n;
  });
  return sum;
}
