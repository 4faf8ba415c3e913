import type { Graph, GraphTensor } from './graph.ts';
import type { Layer, WeightRole } from './layer.ts';
import { sizeOf } from './topology.ts';

/** A convolution without a bias and the BatchNorm after it, which together are one convolution. */
export interface FoldedPair {
  convolution: Layer;
  norm: Layer;
}

export interface Folded extends FoldedPair {
  kernel: GraphTensor;
  bias: GraphTensor;
}

/** Where a graph has its weights from: constants, or variables that are trained. */
export interface WeightSource {
  weight(layer: Layer, role: WeightRole): GraphTensor;
  /** Writes the kernel and bias of each pair. */
  fold(pairs: readonly FoldedPair[]): readonly Folded[];
}

/** A weight of a BatchNorm; one without scale or centre has a gamma of 1, a beta of 0, that nothing trains. */
export function normWeight(
  graph: Graph,
  norm: Layer,
  role: 'gamma' | 'beta' | 'moving_mean' | 'moving_variance',
  weights: WeightSource,
): GraphTensor {
  if (norm.weights[role]) return weights.weight(norm, role);
  const shape = norm.weights.moving_mean ?? [];
  const values = new Float32Array(sizeOf(shape)).fill(role === 'gamma' ? 1 : 0);
  return graph.constant(values, shape);
}
