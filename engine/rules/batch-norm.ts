import { type Attribute, FLOAT, type GraphTensor, outputOf } from '../graph.ts';
import type { Tape } from '../tape.ts';

/** Each [c]; mean and variance are the moving averages. */
export interface NormWeights {
  gamma: GraphTensor;
  beta: GraphTensor;
  mean: GraphTensor;
  variance: GraphTensor;
}

/**
 * BatchNorm with its moving averages, which stay as they are.
 *
 * @param x [n, h, w, c]
 */
export function frozenBatchNorm(
  tape: Tape,
  x: GraphTensor,
  { gamma, beta, mean, variance }: NormWeights,
  epsilon: number,
): GraphTensor {
  const { graph } = tape;
  const attributes = { ...normAttributes(epsilon), is_training: false };
  const averaging = { exponential_avg_factor: { float: 1 } }; // of no meaning here
  const y = graph.add(
    'FusedBatchNormV3',
    [x, gamma, beta, mean, variance],
    { ...attributes, ...averaging },
    x.shape,
  );
  return tape.record(y, [x, gamma, beta], (dy) => {
    const reserved = outputOf(y, 5, [-1]); // cuDNN's own
    const inputs = [dy, x, gamma, mean, variance, reserved];
    return gradientsOf(graph.add('FusedBatchNormGradV3', inputs, attributes, x.shape), gamma);
  });
}

/**
 * BatchNorm with the statistics of the batch.
 *
 * @param x [n, h, w, c]
 * @param momentum how much of the moving averages stays
 * @returns also the new moving averages; the variance among them is the unbiased one, as in Keras 2
 */
export function trainingBatchNorm(
  tape: Tape,
  x: GraphTensor,
  { gamma, beta, mean, variance }: NormWeights,
  epsilon: number,
  momentum: number,
): { y: GraphTensor; mean: GraphTensor; variance: GraphTensor } {
  const { graph } = tape;
  const attributes = { ...normAttributes(epsilon), is_training: true };
  const averaging = { exponential_avg_factor: { float: 1 - momentum } };
  const y = graph.add(
    'FusedBatchNormV3',
    [x, gamma, beta, mean, variance],
    { ...attributes, ...averaging },
    x.shape,
  );
  tape.record(y, [x, gamma, beta], (dy) => {
    const reserved = [3, 4, 5].map((index) => outputOf(y, index, [-1])); // the batch's statistics
    const inputs = [dy, x, gamma, ...reserved];
    return gradientsOf(graph.add('FusedBatchNormGradV3', inputs, attributes, x.shape), gamma);
  });
  return { y, mean: outputOf(y, 1, mean.shape), variance: outputOf(y, 2, mean.shape) };
}

export const normAttributes = (epsilon: number): Record<string, Attribute> => ({
  T: FLOAT,
  U: FLOAT,
  epsilon: { float: epsilon },
  data_format: 'NHWC',
});

const gradientsOf = (dx: GraphTensor, gamma: GraphTensor) => [
  () => dx,
  () => outputOf(dx, 1, gamma.shape),
  () => outputOf(dx, 2, gamma.shape),
];
