import { FLOAT, type Graph, type GraphTensor, scalar } from './graph.ts';
import type { Session } from './session.ts';
import { assignVariable, readVariable, type Variable } from './variables.ts';

/** A variable, and the names of what lies in it one after the other, each with its length. */
export interface Named {
  readonly variable: Variable;
  readonly parts: readonly { name: string; length: number }[];
}

/** Values of variables by the names of their parts. */
export type Values = ReadonlyMap<string, Float32Array>;

/** How variables are read and set from outside; to be written before the session is opened. */
export interface VariableAccess {
  readonly parts: Named['parts']; // of all variables
  read(session: Session): Values;
  /** @throws Error unless exactly the named parts are given, each with as many values as it has */
  assign(session: Session, values: Values): void;
}

export function variableAccess(graph: Graph, all: readonly Named[]): VariableAccess {
  const known = new Set(all.flatMap(({ parts }) => parts.map(({ name }) => name)));
  const reads = all.map(({ variable }) => readVariable(graph, variable));
  const feeds = all.map(({ variable }) =>
    graph.placeholder(`${variable.name}/assigned`, 'float32', variable.shape),
  );
  // A variable would keep the very memory that was lent to it, and a thread of TensorFlow's would give that back to
  // Node some steps later, which only the thread that lent it may do.
  const assignments = all.map(({ variable }, i) => {
    const own = graph.add('DeepCopy', [feeds[i] as GraphTensor], { T: FLOAT }, variable.shape);
    return assignVariable(graph, variable, own);
  });
  // A session runs what leads to something fetched; an assignment itself has no output.
  const assigned = graph.add('Identity', [scalar(graph, 0)], { T: FLOAT }, [], {
    after: assignments,
  });

  return {
    parts: all.flatMap(({ parts }) => parts),
    read(session) {
      const values = session.run([], reads);
      return new Map(all.flatMap(({ parts }, i) => cut(parts, values[i] as Float32Array)));
    },
    assign(session, values) {
      const surplus = [...values.keys()].find((name) => !known.has(name));
      if (surplus !== undefined) throw new Error(`There is no ${surplus} to be set.`);
      session.run(
        all.map(({ variable, parts }, i) => ({
          into: feeds[i] as GraphTensor,
          values: joined(parts, values),
          shape: variable.shape,
        })),
        [assigned],
      );
    },
  };
}

function cut(parts: Named['parts'], whole: Float32Array): [string, Float32Array][] {
  let end = 0;
  return parts.map(({ name, length }) => {
    const start = end;
    end += length;
    return [name, parts.length === 1 ? whole : whole.slice(start, end)]; // no view, which would keep all for one
  });
}

function joined(parts: Named['parts'], values: Values): Float32Array {
  const pieces = parts.map(({ name, length }) => {
    const piece = values.get(name);
    if (piece?.length === length) return piece;
    throw new Error(`${name} needs ${length} values and has ${piece?.length ?? 'none'}.`);
  });
  const [first] = pieces;
  if (first && pieces.length === 1) return first;
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const piece of pieces) {
    whole.set(piece, end);
    end += piece.length;
  }
  return whole;
}
