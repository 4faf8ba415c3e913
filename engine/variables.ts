import { at } from '#core/at.ts';
import { FLOAT, type Graph, type GraphTensor, type Shape, scalar } from './graph.ts';
import type { Session } from './session.ts';

/** A TensorFlow variable: it belongs to a session, and keeps its value from one run to the next. */
export interface Variable {
  readonly name: string;
  readonly shape: Shape;
  readonly handle: GraphTensor;
}

export function newVariable(graph: Graph, name: string, shape: Shape): Variable {
  const attributes = { dtype: FLOAT, shape: { shape }, shared_name: name, container: '' };
  const handle = graph.add('VarHandleOp', [], attributes, [], { name, dtype: 'resource' });
  return { name, shape, handle };
}

export const readVariable = (graph: Graph, { handle, shape }: Variable): GraphTensor =>
  graph.add('ReadVariableOp', [handle], { dtype: FLOAT }, shape);

/** @returns the assignment, which nodes that need the new value have to name in `after` */
export const assignVariable = (
  graph: Graph,
  { handle }: Variable,
  value: GraphTensor,
): GraphTensor => graph.add('AssignVariableOp', [handle, value], { dtype: FLOAT }, []);

/** A variable that holds one or several named weights, one after the other. */
export interface PackedVariable {
  readonly variable: Variable;
  readonly parts: readonly { name: string; length: number }[];
}

/** The values of weights, by name. */
export type Values = ReadonlyMap<string, Float32Array>;

/** Reads and assigns the variables of a session from outside. */
export interface VariableAccess {
  readonly parts: PackedVariable['parts']; // of all variables
  read(session: Session): Values;
  /** @throws Error unless exactly the named weights are given, each with its number of values */
  assign(session: Session, values: Values): void;
}

/** Writes what is needed to access variables; to be called before the session is opened. */
export function variableAccess(graph: Graph, all: readonly PackedVariable[]): VariableAccess {
  const known = new Set(all.flatMap(({ parts }) => parts.map(({ name }) => name)));
  const reads = all.map(({ variable }) => readVariable(graph, variable));
  const assignments = all.map(({ variable }) => {
    const { name, shape } = variable;
    const feed = graph.placeholder(`${name}/assigned`, 'float32', shape);
    return { feed, assignment: assignVariable(graph, variable, deepCopy(graph, feed)) };
  });
  // A session runs the nodes that lead to a fetched one, and an assignment itself has no output to fetch.
  const assigned = graph.add('Identity', [scalar(graph, 0)], { T: FLOAT }, [], {
    after: assignments.map(({ assignment }) => assignment),
  });

  return {
    parts: all.flatMap(({ parts }) => parts),
    read(session) {
      const values = session.run([], reads);
      return new Map(all.flatMap(({ parts }, i) => unpack(parts, at(values, i))));
    },
    assign(session, values) {
      const unknown = [...values.keys()].find((name) => !known.has(name));
      if (unknown !== undefined) throw new Error(`There is no weight ${unknown} to assign.`);
      const feeds = all.map(({ variable, parts }, i) => ({
        into: at(assignments, i).feed,
        values: pack(parts, values),
        shape: variable.shape,
      }));
      session.run(feeds, [assigned]);
    },
  };
}

/**
 * Without the copy, a variable would keep the very memory that was borrowed for the feed, and some steps later a thread of
 * TensorFlow would return that to Node, which only the thread that lent it may do.
 */
const deepCopy = (graph: Graph, feed: GraphTensor): GraphTensor =>
  graph.add('DeepCopy', [feed], { T: FLOAT }, feed.shape);

function unpack(parts: PackedVariable['parts'], packed: Float32Array): [string, Float32Array][] {
  let end = 0;
  return parts.map(({ name, length }) => {
    const start = end;
    end += length;
    return [name, parts.length === 1 ? packed : packed.slice(start, end)]; // a view would keep all of them alive
  });
}

function pack(parts: PackedVariable['parts'], values: Values): Float32Array {
  const pieces = parts.map(({ name, length }) => {
    const piece = values.get(name);
    if (piece?.length === length) return piece;
    throw new Error(`${name} needs ${length} values and has ${piece?.length ?? 'none'}.`);
  });
  if (pieces.length === 1) return at(pieces, 0);
  const packed = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const piece of pieces) {
    packed.set(piece, end);
    end += piece.length;
  }
  return packed;
}
