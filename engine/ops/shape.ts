import { at } from '#core/at.ts';
import {
  FLOAT,
  type Graph,
  type GraphTensor,
  INT,
  integers,
  lastSize,
  outputOf,
  type Shape,
} from '../graph.ts';
import type { Tape } from '../tape.ts';

/** The shape of a tensor, int32 [rank], when the graph runs: the number of examples is not known before. */
export const shapeOf = (graph: Graph, x: GraphTensor): GraphTensor =>
  graph.add('Shape', [x], { T: FLOAT, out_type: INT }, [x.shape.length], { dtype: 'int32' });

/** @param shape of as many values as x; at most one size is -1 */
export function reshape(tape: Tape, x: GraphTensor, shape: Shape): GraphTensor {
  const { graph } = tape;
  return tape.record(reshaped(graph, x, shape), [x], (dy) => [() => reshaped(graph, dy, x.shape)]);
}

/** Reshape without a gradient. */
export const reshaped = (graph: Graph, x: GraphTensor, shape: Shape): GraphTensor =>
  graph.add('Reshape', [x, integers(graph, shape)], { T: FLOAT, Tshape: INT }, shape);

/**
 * Concatenates tensors along their last axis.
 *
 * @param parts [..., c1], [..., c2], …
 * @returns [..., c1 + c2 + …]
 */
export function concatenate(tape: Tape, parts: readonly GraphTensor[]): GraphTensor {
  if (parts.length === 1) return at(parts, 0); // not recorded: as its own input it would count its gradient twice
  const { graph } = tape;
  const sizes = parts.map(({ shape }) => lastSize(shape));
  return tape.record(concatenated(graph, parts), parts, (dy) => {
    let pieces: readonly GraphTensor[] | undefined; // one operation gives them all
    return parts.map((_, i) => () => {
      pieces ??= pieced(graph, dy, sizes);
      return at(pieces, i);
    });
  });
}

/** Splits a tensor along its last axis into pieces of the given sizes. */
export function split(
  tape: Tape,
  x: GraphTensor,
  sizes: readonly number[],
): readonly GraphTensor[] {
  if (sizes.length === 1) return [x]; // not recorded, for the same reason
  const { graph } = tape;
  return tape.recordAll(pieced(graph, x, sizes), [x], (...dy) => [() => concatenated(graph, dy)]);
}

function concatenated(graph: Graph, parts: readonly GraphTensor[]): GraphTensor {
  const leading = at(parts, 0).shape.slice(0, -1);
  const axis = graph.constant(Int32Array.of(leading.length), []);
  const size = parts.reduce((sum, { shape }) => sum + lastSize(shape), 0);
  const attributes = { N: { int: parts.length }, T: FLOAT, Tidx: INT };
  return graph.add('ConcatV2', [...parts, axis], attributes, [...leading, size]);
}

function pieced(graph: Graph, x: GraphTensor, sizes: readonly number[]): readonly GraphTensor[] {
  const leading = x.shape.slice(0, -1);
  const axis = graph.constant(Int32Array.of(leading.length), []);
  const attributes = { num_split: { int: sizes.length }, T: FLOAT, Tlen: INT };
  const first = graph.add('SplitV', [x, integers(graph, sizes), axis], attributes, []);
  return sizes.map((size, i) => outputOf(first, i, [...leading, size]));
}
