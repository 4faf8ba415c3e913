import { at } from '#core/at.ts';
import {
  FLOAT,
  type Graph,
  type GraphTensor,
  INT,
  integers,
  type Shape,
  scalar,
} from '../graph.ts';

/** What is added to the variance of a feature, so that a constant one becomes 0 instead of noise. */
export const VARIANCE_FLOOR = 1e-4;

/** Standardised features are clipped to this range: a feature that is almost always 0 has far outliers. */
export const CLIP = 3;

/**
 * Standardises rows by the mean and the deviation of some rows, and clips them at ±CLIP.
 *
 * @param reference [m, d], the rows to measure
 * @param rows matrices of d columns, the rows to standardise
 * @returns the same shapes as `rows`
 */
export function standardize(
  graph: Graph,
  reference: GraphTensor,
  rows: readonly GraphTensor[],
): GraphTensor[] {
  const d = at(reference.shape, 1);
  const binary = (operation: string, a: GraphTensor, b: GraphTensor, shape: Shape) =>
    graph.add(operation, [a, b], { T: FLOAT }, shape);
  const columnMean = (x: GraphTensor) =>
    graph.add('Mean', [x, integers(graph, [0])], { T: FLOAT, Tidx: INT, keep_dims: false }, [d]);

  const mean = columnMean(reference);
  const centred = binary('Sub', reference, mean, reference.shape);
  const variance = columnMean(graph.add('Square', [centred], { T: FLOAT }, reference.shape));
  const floored = binary('AddV2', variance, scalar(graph, VARIANCE_FLOOR), [d]);
  const factor = graph.add('Rsqrt', [floored], { T: FLOAT }, [d]);

  return rows.map((x) => {
    const scaled = binary('Mul', binary('Sub', x, mean, x.shape), factor, x.shape);
    const fromBelow = binary('Maximum', scaled, scalar(graph, -CLIP), x.shape);
    return binary('Minimum', fromBelow, scalar(graph, CLIP), x.shape);
  });
}
