import { FLOAT, type GraphTensor, outputOf } from '../graph.ts';
import type { Tape } from '../tape.ts';

/** Each [c]; mean and variance are the moving averages. */
export interface BatchNormWeights {
  gamma: GraphTensor;
  beta: GraphTensor;
  mean: GraphTensor;
  variance: GraphTensor;
}

/**
 * BatchNorm in inference mode: it normalises by its moving averages, and does not change them.
 *
 * @param x [n, h, w, c]
 */
export function frozenBatchNorm(
  tape: Tape,
  x: GraphTensor,
  { gamma, beta, mean, variance }: BatchNormWeights,
  epsilon: number,
): GraphTensor {
  const { graph } = tape;
  const attributes = {
    T: FLOAT,
    U: FLOAT,
    epsilon: { float: epsilon },
    data_format: 'NHWC',
    is_training: false,
  };
  const averaging = { exponential_avg_factor: { float: 1 } }; // required, and ignored in inference mode
  const y = graph.add(
    'FusedBatchNormV3',
    [x, gamma, beta, mean, variance],
    { ...attributes, ...averaging },
    x.shape,
  );
  return tape.record(y, [x, gamma, beta], (dy) => {
    const reserved = outputOf(y, 5, [-1]); // for cuDNN
    const inputs = [dy, x, gamma, mean, variance, reserved];
    const dx = graph.add('FusedBatchNormGradV3', inputs, attributes, x.shape);
    return [() => dx, () => outputOf(dx, 1, gamma.shape), () => outputOf(dx, 2, gamma.shape)];
  });
}
