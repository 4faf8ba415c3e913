import { at } from '#core/at.ts';
import {
  FLOAT,
  type Graph,
  type GraphTensor,
  INT,
  integers,
  lastSize,
  type Shape,
  scalar,
  sizeOf,
} from '../graph.ts';
import type { Tape } from '../tape.ts';
import { reshaped } from './shape.ts';

/** a + b, of the same shape. */
export function add(tape: Tape, a: GraphTensor, b: GraphTensor): GraphTensor {
  const y = tape.graph.add('AddV2', [a, b], { T: FLOAT }, a.shape);
  return tape.record(y, [a, b], (dy) => [() => dy, () => dy]);
}

/** a - b, of the same shape. */
export function subtract(tape: Tape, a: GraphTensor, b: GraphTensor): GraphTensor {
  const { graph } = tape;
  const y = graph.add('Sub', [a, b], { T: FLOAT }, a.shape);
  return tape.record(y, [a, b], (dy) => [
    () => dy,
    () => graph.add('Neg', [dy], { T: FLOAT }, b.shape),
  ]);
}

/** a * b elementwise, of the same shape. */
export function multiply(tape: Tape, a: GraphTensor, b: GraphTensor): GraphTensor {
  const product = (x: GraphTensor, y: GraphTensor) =>
    tape.graph.add('Mul', [x, y], { T: FLOAT }, a.shape);
  return tape.record(product(a, b), [a, b], (dy) => [() => product(dy, b), () => product(dy, a)]);
}

/** x * scale + offset, with two numbers. */
export function rescale(tape: Tape, x: GraphTensor, scale: number, offset: number): GraphTensor {
  const { graph } = tape;
  const times = (tensor: GraphTensor) =>
    graph.add('Mul', [tensor, scalar(graph, scale)], { T: FLOAT }, x.shape);
  const y = graph.add('AddV2', [times(x), scalar(graph, offset)], { T: FLOAT }, x.shape);
  return tape.record(y, [x], (dy) => [() => times(dy)]);
}

/**
 * @param x [n, d]
 * @param kernel [d, e]
 * @returns [n, e]
 */
export function matMul(tape: Tape, x: GraphTensor, kernel: GraphTensor): GraphTensor {
  const { graph } = tape;
  const attributes = (transposeA: boolean, transposeB: boolean) => ({
    T: FLOAT,
    transpose_a: transposeA,
    transpose_b: transposeB,
  });
  const shape = [at(x.shape, 0), lastSize(kernel.shape)];
  const y = graph.add('MatMul', [x, kernel], attributes(false, false), shape);
  return tape.record(y, [x, kernel], (dy) => [
    () => graph.add('MatMul', [dy, kernel], attributes(false, true), x.shape),
    () => graph.add('MatMul', [x, dy], attributes(true, false), kernel.shape),
  ]);
}

/**
 * @param x [n, …, c]
 * @param bias [c]
 */
export function biasAdd(tape: Tape, x: GraphTensor, bias: GraphTensor): GraphTensor {
  const { graph } = tape;
  return tape.record(withBias(graph, x, bias), [x, bias], (dy) => [
    () => dy,
    () => biasGradient(graph, dy),
  ]);
}

const BIAS = { T: FLOAT, data_format: 'NHWC' };

/** Adds a bias, without a gradient. */
export const withBias = (graph: Graph, x: GraphTensor, bias: GraphTensor): GraphTensor =>
  graph.add('BiasAdd', [x, bias], BIAS, x.shape);

/**
 * @param dy the gradient of the sum, [n, …, c]
 * @returns the gradient of the bias, [c]
 */
export function biasGradient(graph: Graph, dy: GraphTensor): GraphTensor {
  // As a matrix, so that TensorFlow does not fuse this with the gradient of a convolution's kernel: oneDNN's fused
  // operation takes a third longer than the two (EfficientNet-Lite0 on AVX2: 634 ms per step instead of 479).
  const rows = reshaped(graph, dy, [-1, lastSize(dy.shape)]);
  return graph.add('BiasAddGrad', [rows], BIAS, rows.shape.slice(1));
}

/**
 * Multiplies each output channel of a kernel by its own number.
 *
 * @param kernel [kh, kw, c, d], or of a depthwise convolution [kh, kw, c, m]
 * @param scale [d], or [c * m]
 */
export function scaleChannels(tape: Tape, kernel: GraphTensor, scale: GraphTensor): GraphTensor {
  const { graph } = tape;
  const channels = lastSize(scale.shape);
  const rows = sizeOf(kernel.shape) / channels;
  const as = (tensor: GraphTensor, shape: Shape) =>
    tensor.shape.join() === shape.join() ? tensor : reshaped(graph, tensor, shape);
  const scaled = (tensor: GraphTensor) =>
    graph.add(
      'Mul',
      [tensor, as(scale, channelAxes(kernel.shape, channels))],
      { T: FLOAT },
      kernel.shape,
    );

  return tape.record(scaled(kernel), [kernel, scale], (dy) => [
    () => scaled(dy),
    () => {
      const product = graph.add('Mul', [dy, kernel], { T: FLOAT }, kernel.shape);
      const flat = as(product, [rows, channels]);
      const attributes = { T: FLOAT, Tidx: INT, keep_dims: false };
      return graph.add('Sum', [flat, integers(graph, [0])], attributes, [channels]);
    },
  ]);
}

/** The last axis of a kernel, or its last two where only together they make up the channels. */
const channelAxes = (shape: Shape, channels: number): Shape =>
  lastSize(shape) === channels ? [channels] : shape.slice(-2);
