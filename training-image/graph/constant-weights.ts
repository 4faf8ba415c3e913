import type { Graph } from './graph.ts';
import type { Layer, OperationOf, WeightRole } from './layer.ts';
import { type Topology, weightOf } from './topology.ts';
import type { WeightSource } from './weight-source.ts';

/** Weights that are part of the graph: nothing can change them. */
export function constantWeights(graph: Graph, topology: Topology): WeightSource {
  return {
    weight: (layer, role) =>
      graph.constant(weightOf(topology, layer, role), layer.weights[role] ?? []),
    folded(convolution, norm) {
      const { kernel, bias } = foldNorm(topology, convolution, norm);
      return {
        kernel: graph.constant(kernel, convolution.weights.kernel ?? []),
        bias: graph.constant(bias, [bias.length]),
      };
    },
  };
}

/** The kernel and bias that do what a convolution and the BatchNorm after it do, with its moving averages. */
function foldNorm(topology: Topology, convolution: Layer, norm: Layer) {
  const { epsilon } = norm.operation as OperationOf<'norm'>;
  const of = (layer: Layer, role: WeightRole) =>
    layer.weights[role] && weightOf(topology, layer, role);
  const gamma = of(norm, 'gamma');
  const beta = of(norm, 'beta');
  const mean = weightOf(topology, norm, 'moving_mean');
  const variance = weightOf(topology, norm, 'moving_variance');
  const bias = of(convolution, 'bias');

  // In double precision: the factor of a channel enters each of its products.
  const scale = Float64Array.from(
    variance,
    (each, channel) => (gamma?.[channel] ?? 1) / Math.sqrt(each + epsilon),
  );
  // The output channel is the last axis of a kernel, or the last two of a depthwise one.
  const kernel = weightOf(topology, convolution, 'kernel').map(
    (weight, i) => weight * (scale[i % scale.length] ?? 0),
  );
  const shift = Float32Array.from(
    scale,
    (factor, channel) =>
      (beta?.[channel] ?? 0) + factor * ((bias?.[channel] ?? 0) - (mean[channel] ?? 0)),
  );
  return { kernel, bias: shift };
}
