import type { GraphTensor } from './graph.ts';
import type { Layer, WeightRole } from './layer.ts';

/** Where a graph has its weights from: constants, or variables that are trained. */
export interface WeightSource {
  weight(layer: Layer, role: WeightRole): GraphTensor;
  /** A convolution's weights with the BatchNorm after it worked into them. */
  folded(convolution: Layer, norm: Layer): { kernel: GraphTensor; bias: GraphTensor };
}
