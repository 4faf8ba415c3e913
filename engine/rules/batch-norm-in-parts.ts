import { FLOAT, type Graph, type GraphTensor, INT, integers, outputOf, scalar } from '../graph.ts';
import type { Tape } from '../tape.ts';
import { type NormWeights, normAttributes } from './batch-norm.ts';
import { biasGradient, withBias } from './bias-add.ts';
import { slidingAttributes } from './convolution.ts';

/**
 * BatchNorm with the statistics of the batch, for processors on which a pass over activations costs more than
 * the beginning of an operation: the same as `trainingBatchNorm`.
 *
 * TensorFlow fuses no activation with its own kernel, but does with a depthwise convolution, and one of 1 × 1 is all
 * that is left of a BatchNorm once its statistics are known. The sums for these are the gradients of a bias and of such
 * a kernel. (EfficientNet-Lite0 on AVX2, 32 pictures of 112 × 112 × 96 with ReLU6: 68 ms instead of 123.)
 *
 * @param x [n, h, w, c]
 * @param momentum how much of the moving averages stays
 */
export function batchNormInParts(
  tape: Tape,
  x: GraphTensor,
  { gamma, beta, mean: movingMean, variance: movingVariance }: NormWeights,
  epsilon: number,
  momentum: number,
): { y: GraphTensor; mean: GraphTensor; variance: GraphTensor } {
  const { graph } = tape;
  const on = arithmetic(graph);
  // From here on all is measured from the moving mean: a square of what lies near 0 loses no digits, and the subtraction
  // is fused with the convolution before.
  const near = withBias(graph, x, graph.add('Neg', [movingMean], { T: FLOAT }, movingMean.shape));
  const count = countOf(graph, near); // not of x: the fusing is only where nothing else reads that
  const mean = on('RealDiv', biasGradient(graph, near), count);
  const square = on('RealDiv', squaresOf(graph, near), count);
  const difference = on('Sub', square, on('Mul', mean, mean));
  const variance = on('Maximum', difference, scalar(graph, 0)); // rounding may bring it below

  const deviation = on('AddV2', variance, scalar(graph, epsilon));
  const scale = on('Mul', gamma, graph.add('Rsqrt', [deviation], { T: FLOAT }, gamma.shape));
  const offset = on('Sub', beta, on('Mul', mean, scale));
  const y = withBias(graph, scaled(graph, near, scale), offset);

  tape.record(y, [x, gamma, beta], (dy) => {
    const attributes = { ...normAttributes(epsilon), is_training: true };
    const inputs = [dy, near, gamma, mean, variance, scalar(graph, 0)]; // the last is cuDNN's own
    const dx = graph.add('FusedBatchNormGradV3', inputs, attributes, x.shape);
    return [() => dx, () => outputOf(dx, 1, gamma.shape), () => outputOf(dx, 2, gamma.shape)];
  });

  const others = on('Maximum', on('Sub', count, scalar(graph, 1)), scalar(graph, 1));
  const unbiased = on('Mul', variance, on('RealDiv', count, others));
  const changes = scalar(graph, 1 - momentum);
  const kept = on('Mul', movingVariance, scalar(graph, momentum));
  return {
    y,
    mean: on('AddV2', movingMean, on('Mul', mean, changes)),
    variance: on('AddV2', kept, on('Mul', unbiased, changes)),
  };
}

/** Operations on vectors of one length, or on one and a number. */
const arithmetic =
  (graph: Graph) =>
  (operation: string, a: GraphTensor, b: GraphTensor): GraphTensor =>
    graph.add(operation, [a, b], { T: FLOAT }, a.shape);

/** How many values each channel of x has, as a float: [] */
function countOf(graph: Graph, x: GraphTensor): GraphTensor {
  const all = graph.add('Size', [x], { T: FLOAT, out_type: INT }, [], { dtype: 'int32' });
  const numbers = { SrcT: INT, DstT: FLOAT, Truncate: false };
  const size = graph.add('Cast', [all], numbers, []);
  return arithmetic(graph)('RealDiv', size, scalar(graph, x.shape.at(-1) ?? 0));
}

const EACH_FOR_ITSELF = slidingAttributes({ strides: [1, 1], padding: 'VALID' });

/** x times a number a channel. */
function scaled(graph: Graph, x: GraphTensor, scale: GraphTensor): GraphTensor {
  const kernel = reshaped(graph, scale, [1, 1, x.shape.at(-1) ?? 0, 1]);
  return graph.add('DepthwiseConv2dNative', [x, kernel], EACH_FOR_ITSELF, x.shape);
}

/** The sum of the squares of each channel. */
function squaresOf(graph: Graph, x: GraphTensor): GraphTensor {
  const channels = x.shape.at(-1) ?? 0;
  const shape = [1, 1, channels, 1];
  const inputs = [x, integers(graph, shape), x];
  const sums = graph.add('DepthwiseConv2dNativeBackpropFilter', inputs, EACH_FOR_ITSELF, shape);
  return reshaped(graph, sums, [channels]);
}

const reshaped = (graph: Graph, x: GraphTensor, shape: readonly number[]): GraphTensor =>
  graph.add('Reshape', [x, integers(graph, shape)], { T: FLOAT, Tshape: INT }, shape);
