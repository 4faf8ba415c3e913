import { FLOAT, type Graph, type GraphTensor, INT } from '../graph.ts';

/** A tensor's sizes as the graph finds them when it runs: the number of examples is not known before. */
export const shapeOf = (graph: Graph, x: GraphTensor): GraphTensor =>
  graph.add('Shape', [x], { T: FLOAT, out_type: INT }, [x.shape.length], { dtype: 'int32' });
