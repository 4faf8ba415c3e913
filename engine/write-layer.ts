import { at } from '#core/at.ts';
import { type GraphTensor, lastSize } from './graph.ts';
import { relu, relu6 } from './ops/activation.ts';
import { add, biasAdd, matMul, rescale } from './ops/arithmetic.ts';
import { frozenBatchNorm } from './ops/batch-norm.ts';
import { conv2d, depthwiseConv2d } from './ops/convolution.ts';
import { averagePool, globalAverage } from './ops/pooling.ts';
import { concatenate, reshape } from './ops/shape.ts';
import type { Tape } from './tape.ts';
import type { Activation, Layer, OperationOf } from './topology.ts';
import { normWeight, type WeightSource } from './weights.ts';

/** Writes what a layer computes; BatchNorms in inference mode, during training too. */
export function writeLayer(
  tape: Tape,
  layer: Layer,
  inputs: readonly GraphTensor[],
  weights: WeightSource,
): GraphTensor {
  const { operation, shape } = layer;
  if (operation.kind === 'input') {
    throw new Error(`${layer.name} is the input layer: its output has to be given.`);
  }
  const x = at(inputs, 0);
  switch (operation.kind) {
    case 'rescaling':
      return rescale(tape, x, operation.scale, operation.offset);
    case 'convolution':
      return convolve(tape, layer, x, {
        kernel: weights.weight(layer, 'kernel'),
        bias: biasOf(layer, weights),
      });
    case 'batch-norm':
      return normalise(tape, layer, x, weights);
    case 'dense': {
      const y = matMul(tape, x, weights.weight(layer, 'kernel'));
      const bias = biasOf(layer, weights);
      return activate(tape, bias ? biasAdd(tape, y, bias) : y, operation.activation);
    }
    case 'activation':
      return activate(tape, x, operation.activation);
    case 'add':
      return inputs.reduce((sum, other) => add(tape, sum, other));
    case 'concatenate':
      return concatenate(tape, inputs);
    case 'average-pooling':
      return averagePool(tape, x, operation, shape);
    case 'global-average-pooling': {
      const y = globalAverage(tape, x);
      return shape.length > 2 ? reshape(tape, y, shape) : y; // with `keepdims`
    }
    case 'flatten':
      return reshape(tape, x, shape);
  }
}

/** Writes a convolution layer with these weights, which may have a BatchNorm folded into them. */
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
};

const activate = (tape: Tape, x: GraphTensor, activation: Activation): GraphTensor =>
  ACTIVATIONS[activation](tape, x);

function normalise(tape: Tape, norm: Layer, x: GraphTensor, weights: WeightSource): GraphTensor {
  const { epsilon } = norm.operation as OperationOf<'batch-norm'>;
  const ownWeights = {
    gamma: normWeight(tape.graph, norm, 'gamma', weights),
    beta: normWeight(tape.graph, norm, 'beta', weights),
    mean: weights.weight(norm, 'moving_mean'),
    variance: weights.weight(norm, 'moving_variance'),
  };
  if (norm.shape.length === 4) return frozenBatchNorm(tape, x, ownWeights, epsilon);
  const image = reshape(tape, x, [-1, 1, 1, lastSize(norm.shape)]); // the kernel takes only images
  return reshape(tape, frozenBatchNorm(tape, image, ownWeights, epsilon), norm.shape);
}
