import type { Graph, GraphTensor } from './graph.ts';
import { type Layer, type OperationOf, weightName } from './layer.ts';
import { type Topology, weightOf } from './topology.ts';
import type { Folded, FoldedPair, WeightSource } from './weight-source.ts';

/** Weights that are part of the graph: nothing can change them. Each is in it once, however often it is used. */
export function constantWeights(graph: Graph, topology: Topology): WeightSource {
  const weights = new Map<string, GraphTensor>();
  const folded = new Map<Layer, Folded>();
  return {
    weight(layer, role) {
      const name = weightName(layer, role);
      const known = weights.get(name);
      if (known) return known;
      const constant = graph.constant(weightOf(topology, layer, role), layer.weights[role] ?? []);
      weights.set(name, constant);
      return constant;
    },
    fold: (pairs) =>
      pairs.map((pair) => {
        const known = folded.get(pair.norm);
        if (known) return known;
        const { kernel, bias } = fold(topology, pair);
        const both = {
          ...pair,
          kernel: graph.constant(kernel, pair.convolution.weights.kernel ?? []),
          bias: graph.constant(bias, [bias.length]),
        };
        folded.set(pair.norm, both);
        return both;
      }),
  };
}

function fold(topology: Topology, { convolution, norm }: FoldedPair) {
  const { epsilon } = norm.operation as OperationOf<'norm'>;
  const gamma = norm.weights.gamma && weightOf(topology, norm, 'gamma');
  const beta = norm.weights.beta && weightOf(topology, norm, 'beta');
  const mean = weightOf(topology, norm, 'moving_mean');
  const variance = weightOf(topology, norm, 'moving_variance');

  // In double precision: the factor of a channel enters each of its products.
  const scale = Float64Array.from(
    variance,
    (each, channel) => (gamma?.[channel] ?? 1) / Math.sqrt(each + epsilon),
  );
  // The output channel is the last axis of a kernel, or the last two of a depthwise one.
  const kernel = weightOf(topology, convolution, 'kernel').map(
    (weight, i) => weight * (scale[i % scale.length] ?? 0),
  );
  const bias = Float32Array.from(
    scale,
    (factor, channel) => (beta?.[channel] ?? 0) - factor * (mean[channel] ?? 0),
  );
  return { kernel, bias };
}
