import { FLOAT, type Graph, type GraphTensor, type Shape } from './graph.ts';

/** A variable of TensorFlow: it lives in a session, and keeps its value from one run to the next. */
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

/** @returns what has to be named as coming first by whoever needs the new value */
export const assignVariable = (
  graph: Graph,
  { handle }: Variable,
  value: GraphTensor,
): GraphTensor => graph.add('AssignVariableOp', [handle, value], { dtype: FLOAT }, []);
