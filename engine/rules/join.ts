import { FLOAT, type Graph, type GraphTensor, INT, integers, outputOf } from '../graph.ts';
import type { Tape } from '../tape.ts';

/** Vectors, one after the other. */
export function join(tape: Tape, vectors: readonly GraphTensor[]): GraphTensor {
  const { graph } = tape;
  const sizes = vectors.map(lengthOf);
  return tape.record(joined(graph, vectors), vectors, (dy) => {
    let parts: readonly GraphTensor[] | undefined;
    return vectors.map((_, i) => () => {
      parts ??= cut(graph, dy, sizes);
      return parts[i] as GraphTensor;
    });
  });
}

/** A vector cut into vectors of the given lengths. */
export function split(
  tape: Tape,
  vector: GraphTensor,
  lengths: readonly number[],
): readonly GraphTensor[] {
  const { graph } = tape;
  return tape.recordAll(cut(graph, vector, lengths), [vector], (...dy) => [
    () => joined(graph, dy),
  ]);
}

const lengthOf = ({ shape }: GraphTensor): number => shape[0] ?? 0;

function joined(graph: Graph, vectors: readonly GraphTensor[]): GraphTensor {
  const [first] = vectors;
  if (first && vectors.length === 1) return first;
  const axis = graph.constant(Int32Array.of(0), []);
  const length = vectors.reduce((sum, vector) => sum + lengthOf(vector), 0);
  const attributes = { N: { int: vectors.length }, T: FLOAT, Tidx: INT };
  return graph.add('ConcatV2', [...vectors, axis], attributes, [length]);
}

function cut(
  graph: Graph,
  vector: GraphTensor,
  lengths: readonly number[],
): readonly GraphTensor[] {
  if (lengths.length === 1) return [vector];
  const axis = graph.constant(Int32Array.of(0), []);
  const attributes = { num_split: { int: lengths.length }, T: FLOAT, Tlen: INT };
  const first = graph.add('SplitV', [vector, integers(graph, lengths), axis], attributes, []);
  return lengths.map((length, i) => outputOf(first, i, [length]));
}
