import { FLOAT, type GraphTensor } from './graph.ts';
import { type Layer, type OperationOf, type WeightRole, weightName } from './layer.ts';
import { join, split } from './rules/join.ts';
import { multiply } from './rules/multiply.ts';
import { scaleChannels } from './rules/scale-channels.ts';
import { subtract } from './rules/subtract.ts';
import type { Tape } from './tape.ts';
import { type FoldedPair, normWeight, type WeightSource } from './weight-source.ts';

/**
 * Weights that change while they are used.
 *
 * @param values by the weights' names; those to be trained are watched on the tape
 * @param others where all other weights are
 */
export function trainedWeights(
  tape: Tape,
  values: ReadonlyMap<string, GraphTensor>,
  others: WeightSource,
): WeightSource {
  const source: WeightSource = {
    weight: (layer: Layer, role: WeightRole) =>
      values.get(weightName(layer, role)) ?? others.weight(layer, role),
    fold: (pairs) => (pairs.length > 0 ? fold(tape, pairs, source) : []),
  };
  return source;
}

/**
 * Folding is part of the graph here: what a step changes are kernel, gamma and beta, each by its exact gradient.
 *
 * The vectors of all BatchNorms are joined first: one by one they would be nine operations each, on a few hundred
 * numbers, and a graphics processor would wait for each of them to be begun.
 */
function fold(tape: Tape, pairs: readonly FoldedPair[], weights: WeightSource) {
  const { graph } = tape;
  const norms = pairs.map(({ norm }) => norm);
  const all = (role: Parameters<typeof normWeight>[2]) =>
    join(
      tape,
      norms.map((norm) => normWeight(graph, norm, role, weights)),
    );
  const lengths = norms.map(({ shape }) => shape.at(-1) ?? 0);

  const factor = inverseDeviation(tape, norms, all('moving_variance'));
  const scale = multiply(tape, all('gamma'), factor); // all channels of all BatchNorms
  const bias = subtract(tape, all('beta'), multiply(tape, all('moving_mean'), scale));
  const scales = split(tape, scale, lengths);
  const biases = split(tape, bias, lengths);

  return pairs.map((pair, i) => ({
    ...pair,
    kernel: scaleChannels(
      tape,
      weights.weight(pair.convolution, 'kernel'),
      scales[i] as GraphTensor, // [channels]
    ),
    bias: biases[i] as GraphTensor, // [channels]
  }));
}

/** Nobody asks for its gradient: moving averages are not trained. */
function inverseDeviation({ graph }: Tape, norms: readonly Layer[], variance: GraphTensor) {
  const epsilons = norms.flatMap(({ shape, operation }) =>
    new Array<number>(shape.at(-1) ?? 0).fill((operation as OperationOf<'norm'>).epsilon),
  );
  const epsilon = graph.constant(Float32Array.from(epsilons), variance.shape);
  const sum = graph.add('AddV2', [variance, epsilon], { T: FLOAT }, variance.shape);
  return graph.add('Rsqrt', [sum], { T: FLOAT }, variance.shape);
}
