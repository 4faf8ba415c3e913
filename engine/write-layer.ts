import type { GraphTensor } from './graph.ts';
import type { Activation, Layer, OperationOf } from './layer.ts';
import { add } from './rules/add.ts';
import { averagePool } from './rules/average-pool.ts';
import { frozenBatchNorm, trainingBatchNorm } from './rules/batch-norm.ts';
import { batchNormInParts } from './rules/batch-norm-in-parts.ts';
import { biasAdd } from './rules/bias-add.ts';
import { conv2d, depthwiseConv2d } from './rules/convolution.ts';
import { dropout } from './rules/dropout.ts';
import { globalAverage } from './rules/global-average.ts';
import { globalMax } from './rules/global-max.ts';
import { matMul } from './rules/mat-mul.ts';
import { maxPool } from './rules/max-pool.ts';
import { relu, relu6 } from './rules/relu.ts';
import { rescale } from './rules/rescale.ts';
import { reshape } from './rules/reshape.ts';
import { softmax } from './rules/softmax.ts';
import { zeroPadding } from './rules/zero-padding.ts';
import type { Tape } from './tape.ts';
import { isOnGpu } from './tensorflow/is-on-gpu.ts';
import { normWeight, type WeightSource } from './weight-source.ts';

/** What is different while a network is trained. */
export interface TrainingMode {
  /** int32 [2], for this step and this layer */
  seed(layer: Layer): GraphTensor;
  /** Gets the new moving averages of a BatchNorm; if left out, all BatchNorms keep theirs and use them. */
  keepAverages?: (norm: Layer, mean: GraphTensor, variance: GraphTensor) => void;
}

/** Writes what one layer computes. */
export function writeLayer(
  tape: Tape,
  layer: Layer,
  inputs: readonly [GraphTensor, ...GraphTensor[]],
  weights: WeightSource,
  training?: TrainingMode,
): GraphTensor {
  const [x, ...others] = inputs;
  const { operation, shape } = layer;
  switch (operation.kind) {
    case 'input':
      throw new Error(`${layer.name} takes the pictures; it is given, not computed.`);
    case 'rescaling':
      return rescale(tape, x, operation.scale, operation.offset);
    case 'convolution':
      return convolve(tape, layer, x, {
        kernel: weights.weight(layer, 'kernel'),
        bias: biasOf(layer, weights),
      });
    case 'norm':
      return normalise(tape, layer, x, weights, training);
    case 'dense': {
      const y = matMul(tape, x, weights.weight(layer, 'kernel'));
      const bias = biasOf(layer, weights);
      return activate(tape, bias ? biasAdd(tape, y, bias) : y, operation.activation);
    }
    case 'activation':
      return activate(tape, x, operation.activation);
    case 'add':
      return others.reduce((sum, other) => add(tape, sum, other), x);
    case 'zero-padding':
      return zeroPadding(tape, x, operation, shape);
    case 'pooling':
      return (operation.of === 'max' ? maxPool : averagePool)(tape, x, operation, shape);
    case 'global-pooling': {
      const y = (operation.of === 'max' ? globalMax : globalAverage)(tape, x);
      return shape.length > 2 ? reshape(tape, y, shape) : y;
    }
    case 'reshape':
      return reshape(tape, x, shape);
    case 'dropout':
      return training ? dropout(tape, x, operation.rate, training.seed(layer)) : x;
  }
}

export function convolve(
  tape: Tape,
  { operation, shape }: Layer,
  x: GraphTensor,
  weights: { kernel: GraphTensor; bias?: GraphTensor | undefined },
): GraphTensor {
  const convolution = operation as OperationOf<'convolution'>;
  const write = convolution.depthwise ? depthwiseConv2d : conv2d;
  const y = write(tape, x, weights, convolution, shape);
  return activate(tape, y, convolution.activation);
}

const biasOf = (layer: Layer, weights: WeightSource): GraphTensor | undefined =>
  layer.weights.bias && weights.weight(layer, 'bias');

const ACTIVATIONS: Record<Activation, (tape: Tape, x: GraphTensor) => GraphTensor> = {
  linear: (_, x) => x,
  relu,
  relu6,
  softmax,
};

const activate = (tape: Tape, x: GraphTensor, activation: Activation): GraphTensor =>
  ACTIVATIONS[activation](tape, x);

function normalise(
  tape: Tape,
  norm: Layer,
  x: GraphTensor,
  weights: WeightSource,
  training: TrainingMode | undefined,
): GraphTensor {
  const { epsilon, momentum } = norm.operation as OperationOf<'norm'>;
  const own = {
    gamma: normWeight(tape.graph, norm, 'gamma', weights),
    beta: normWeight(tape.graph, norm, 'beta', weights),
    mean: weights.weight(norm, 'moving_mean'),
    variance: weights.weight(norm, 'moving_variance'),
  };
  const channels = norm.shape.at(-1) ?? 0;
  const isPicture = norm.shape.length === 4;
  const picture = isPicture ? x : reshape(tape, x, [-1, 1, 1, channels]); // the kernel takes nothing else

  let y: GraphTensor;
  if (training?.keepAverages) {
    const write = isOnGpu() ? trainingBatchNorm : batchNormInParts;
    const after = write(tape, picture, own, epsilon, momentum);
    training.keepAverages(norm, after.mean, after.variance);
    y = after.y;
  } else {
    y = frozenBatchNorm(tape, picture, own, epsilon);
  }
  return isPicture ? y : reshape(tape, y, norm.shape);
}
