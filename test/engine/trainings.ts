import { expect } from 'vitest';
import { tf } from '#engine/tensorflow/load.ts';
import type { Topology } from '#engine/topology.ts';
import type { TrainingSettings } from '#engine/training-settings.ts';
import { type TrainingStep, trainingStep } from '#engine/training-step.ts';
import { chain, difference, network, randomBytes, SIDE } from './networks.ts';

export const N = 6;
export const RESIDUAL = 'a residual block as EfficientNet-Lite has it';
export const MOBILENET = 'the beginning and end of MobileNetV1'; // with a dropout

/** Plain gradient descent by 1: what a step changes is the gradient. */
export const plain: TrainingSettings = {
  blocks: [],
  retrained: 0,
  input: 'images',
  averages: 'frozen',
  optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 },
  learningRates: [1],
};

const open: TrainingStep[] = [];

/** Begins a training that `endAll` ends. */
export function begin(topology: Topology, settings: TrainingSettings): TrainingStep {
  const step = trainingStep(topology, settings);
  open.push(step);
  return step;
}

export function endAll(): void {
  for (const step of open.splice(0)) step.dispose();
}

export function batch({ classes }: { classes: number }, seed = 1) {
  const labels = Int32Array.from({ length: N }, (_, i) => (i * seed) % classes);
  return { input: randomBytes(N * SIDE * SIDE * 3, seed), labels };
}

export const pixels = (input: Uint8Array) =>
  tf.tensor4d(Float32Array.from(input), [input.length / (SIDE * SIDE * 3), SIDE, SIDE, 3]);

export interface Stock {
  loss: number;
  gradients: Map<string, Float32Array>; // by the weights' names
}

/** What stock tfjs finds for a loss. */
export function stockGradients(
  model: tf.LayersModel,
  input: Uint8Array,
  lossOf: (logits: tf.Tensor2D) => tf.Scalar,
  training = false,
): Stock {
  let stock: Stock | undefined;
  tf.tidy(() => {
    const { value, grads } = tf.variableGrads(() =>
      lossOf(model.apply(pixels(input), { training }) as tf.Tensor2D),
    );
    const named = model.trainableWeights.map((weight) => {
      const variable = weight.read() as tf.Variable;
      return [weight.originalName, grads[variable.name]?.dataSync() as Float32Array] as const;
    });
    stock = { loss: value.dataSync()[0] ?? Number.NaN, gradients: new Map(named) };
  });
  return stock ?? expect.unreachable();
}

export const crossEntropy = (labels: Int32Array) => (logits: tf.Tensor2D) =>
  tf.losses.softmaxCrossEntropy(
    tf.oneHot(tf.tensor1d(labels, 'int32'), logits.shape[1]),
    logits,
  ) as tf.Scalar;

export const lengthOf = (vectors: Iterable<Float32Array>) =>
  Math.hypot(...[...vectors].map((vector) => Math.hypot(...vector)));

/** Takes one step, and holds what it changes against gradients, in the unit of their length. */
export function expectStepAlong(
  step: TrainingStep,
  stock: Stock,
  take: () => { loss: number },
): void {
  const before = step.read().weights;
  const { loss } = take();
  const after = step.read().weights;

  expect(loss).toBeCloseTo(stock.loss, 4);
  const scale = Math.max(1, lengthOf(stock.gradients.values()));
  for (const [name, values] of before) {
    const change = values.map((each, i) => each - (after.get(name)?.[i] ?? Number.NaN));
    expect(difference(change, stock.gradients.get(name) ?? []) / scale, name).toBeLessThan(1e-4);
  }
}

export const BLOCKS = ['first', 'second'];

/** Two blocks and a head with a dropout. */
export function threeParts(): tf.LayersModel {
  return network((x) =>
    chain(x, [
      tf.layers.conv2d({ filters: 6, kernelSize: 3, strides: 2, useBias: false }),
      tf.layers.batchNormalization(),
      tf.layers.reLU({ maxValue: 6, name: 'first' }),
      tf.layers.depthwiseConv2d({ kernelSize: 3, useBias: false }),
      tf.layers.batchNormalization(),
      tf.layers.reLU({ maxValue: 6, name: 'second' }),
      tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }),
      tf.layers.dropout({ rate: 0.3 }),
      tf.layers.dense({ units: 4, name: 'head' }),
    ]),
  );
}

export const adamw: TrainingSettings = {
  blocks: BLOCKS,
  retrained: 1,
  input: 'images',
  averages: 'frozen',
  optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.99, epsilon: 1e-7, weightDecay: 0.1 },
  learningRates: [0.01, 0.1],
  longestGradient: 1,
  labelSmoothing: 0.1,
};

export function take(step: TrainingStep, steps: readonly number[]): number[] {
  return steps.map((i) => step.step(batch(step, i + 1), 1 / (i + 1), i).loss);
}
