import { at, lookUp } from '#core/at.ts';
import { FLOAT, type Graph, type GraphTensor, lastSize } from './graph.ts';
import { multiply, scaleChannels, subtract } from './ops/arithmetic.ts';
import { concatenate, split } from './ops/shape.ts';
import type { Tape } from './tape.ts';
import {
  type Layer,
  type OperationOf,
  type Topology,
  type WeightRole,
  weightName,
  weightOf,
} from './topology.ts';

/** Where a graph takes its weights from: constants, or variables that are trained. */
export interface WeightSource {
  weight(layer: Layer, role: WeightRole): GraphTensor;
  /** Writes the kernel and bias of each pair. */
  fold(pairs: readonly FoldablePair[]): readonly FoldedPair[];
}

/** A convolution without a bias and the BatchNorm after it, which together are one convolution with a bias. */
export interface FoldablePair {
  convolution: Layer;
  norm: Layer;
}

export interface FoldedPair extends FoldablePair {
  kernel: GraphTensor;
  bias: GraphTensor;
}

/** A weight of a BatchNorm; without `scale` gamma is 1, without `center` beta is 0, and neither is trained. */
export function normWeight(
  graph: Graph,
  norm: Layer,
  role: 'gamma' | 'beta' | 'moving_mean' | 'moving_variance',
  weights: WeightSource,
): GraphTensor {
  if (norm.weights[role]) return weights.weight(norm, role);
  const channels = lastSize(norm.shape);
  return graph.constant(new Float32Array(channels).fill(role === 'gamma' ? 1 : 0), [channels]);
}

/** Weights as constants of the graph, which nothing can change. Each is written once, however often it is used. */
export function constantWeights(graph: Graph, topology: Topology): WeightSource {
  const weights = new Map<string, GraphTensor>();
  const folded = new Map<Layer, FoldedPair>();
  const constant = (layer: Layer, role: WeightRole) =>
    graph.constant(weightOf(topology, layer, role), shapeOfWeight(layer, role));
  return {
    weight(layer, role) {
      const name = weightName(layer, role);
      if (!weights.has(name)) weights.set(name, constant(layer, role));
      return lookUp(weights, name);
    },
    fold: (pairs) =>
      pairs.map((pair) => {
        if (!folded.has(pair.norm)) folded.set(pair.norm, foldedConstants(graph, topology, pair));
        return lookUp(folded, pair.norm);
      }),
  };
}

function foldedConstants(graph: Graph, topology: Topology, pair: FoldablePair): FoldedPair {
  const { convolution, norm } = pair;
  const { epsilon } = norm.operation as OperationOf<'batch-norm'>;
  const gamma = norm.weights.gamma && weightOf(topology, norm, 'gamma');
  const beta = norm.weights.beta && weightOf(topology, norm, 'beta');
  const mean = weightOf(topology, norm, 'moving_mean');
  const variance = weightOf(topology, norm, 'moving_variance');

  // In double precision: the factor of a channel enters each of its products.
  const scale = Float64Array.from(
    variance,
    (each, channel) => (gamma ? at(gamma, channel) : 1) / Math.sqrt(each + epsilon),
  );
  // The output channel is the last axis of a kernel, or the last two of a depthwise one.
  const kernel = weightOf(topology, convolution, 'kernel').map(
    (weight, i) => weight * at(scale, i % scale.length),
  );
  const bias = Float32Array.from(
    scale,
    (factor, channel) => (beta ? at(beta, channel) : 0) - factor * at(mean, channel),
  );
  return {
    ...pair,
    kernel: graph.constant(kernel, shapeOfWeight(convolution, 'kernel')),
    bias: graph.constant(bias, [bias.length]),
  };
}

function shapeOfWeight({ name, weights }: Layer, role: WeightRole) {
  const shape = weights[role];
  if (!shape) throw new Error(`The layer ${name} has no ${role}.`);
  return shape;
}

/**
 * Weights that are trained while they are used.
 *
 * @param values the trained weights by name, watched on the tape
 * @param others the source of all other weights
 */
export function trainedWeights(
  tape: Tape,
  values: ReadonlyMap<string, GraphTensor>,
  others: WeightSource,
): WeightSource {
  const source: WeightSource = {
    weight: (layer, role) => values.get(weightName(layer, role)) ?? others.weight(layer, role),
    fold: (pairs) => (pairs.length > 0 ? foldInGraph(tape, pairs, source) : []),
  };
  return source;
}

/**
 * Folds as part of the graph, so that kernel, gamma and beta themselves are trained, each by its exact gradient.
 *
 * The vectors of all BatchNorms are concatenated first. One by one they would take nine operations each on a few hundred
 * numbers, and a GPU would wait for each of them to be launched.
 */
function foldInGraph(tape: Tape, pairs: readonly FoldablePair[], weights: WeightSource) {
  const norms = pairs.map(({ norm }) => norm);
  const all = (role: Parameters<typeof normWeight>[2]) =>
    concatenate(
      tape,
      norms.map((norm) => normWeight(tape.graph, norm, role, weights)),
    ); // [channels of all BatchNorms]

  const factor = inverseDeviation(tape, norms, all('moving_variance'));
  const scale = multiply(tape, all('gamma'), factor);
  const bias = subtract(tape, all('beta'), multiply(tape, all('moving_mean'), scale));
  const sizes = norms.map(({ shape }) => lastSize(shape));
  const scales = split(tape, scale, sizes);
  const biases = split(tape, bias, sizes);

  return pairs.map((pair, i) => ({
    ...pair,
    kernel: scaleChannels(tape, weights.weight(pair.convolution, 'kernel'), at(scales, i)),
    bias: at(biases, i),
  }));
}

/** 1 / sqrt(variance + epsilon), without a gradient: moving averages are not trained. */
function inverseDeviation({ graph }: Tape, norms: readonly Layer[], variance: GraphTensor) {
  const epsilons = norms.flatMap(({ shape, operation }) =>
    new Array<number>(lastSize(shape)).fill((operation as OperationOf<'batch-norm'>).epsilon),
  );
  const epsilon = graph.constant(Float32Array.from(epsilons), variance.shape);
  const sum = graph.add('AddV2', [variance, epsilon], { T: FLOAT }, variance.shape);
  return graph.add('Rsqrt', [sum], { T: FLOAT }, variance.shape);
}
