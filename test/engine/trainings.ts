import { expect } from 'vitest';
import { at } from '#core/at.ts';
import { tf } from '#engine/tensorflow/load.ts';
import type { Topology } from '#engine/topology.ts';
import { type TrainingStep, trainingStep } from '#engine/training-step.ts';
import type { StepSettings } from '#engine/write-step.ts';
import { randomBytes } from '../random.ts';
import { chain, difference, network, SIDE } from './networks.ts';

export const N = 6;
export const RESIDUAL = 'a residual block as EfficientNet-Lite has it';

/**
 * AdamW as plain gradient descent: without memory, and with an epsilon beside which no gradient counts, it divides each
 * gradient by epsilon. The learning rate has to be multiplied by epsilon in turn.
 */
const EPSILON = 1e6;
export const gradientDescent = (rate: number, parts = 1) => ({
  optimizer: { beta1: 0, beta2: 0, epsilon: EPSILON, weightDecay: 0 },
  learningRates: new Array<number>(parts).fill(rate * EPSILON),
});

/** A learning rate of 1: a step changes the weights by the gradient. */
export const plain: StepSettings = {
  blockOutputs: [],
  retrained: 0,
  input: 'images',
  ...gradientDescent(1),
};

const open: TrainingStep[] = [];

/** Starts a training, which `endAll` disposes. */
export function begin(topology: Topology, settings: StepSettings): TrainingStep {
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

/** The loss and its gradients, by stock tfjs with BatchNorms in inference mode. */
export function stockGradients(
  model: tf.LayersModel,
  input: Uint8Array,
  lossOf: (logits: tf.Tensor2D) => tf.Scalar,
): Stock {
  let stock: Stock | undefined;
  tf.tidy(() => {
    const { value, grads } = tf.variableGrads(() =>
      lossOf(model.apply(pixels(input), { training: false }) as tf.Tensor2D),
    );
    const named = model.trainableWeights.map((weight) => {
      const variable = weight.read() as tf.Variable;
      return [weight.originalName, grads[variable.name]?.dataSync() as Float32Array] as const;
    });
    stock = { loss: at(value.dataSync(), 0), gradients: new Map(named) };
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

/** Takes one step of `plain`, and compares the change of each weight with its gradient, relative to the global norm. */
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

export const BLOCK_OUTPUTS = ['first', 'second'];

/** Two blocks and a head. */
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
      tf.layers.dense({ units: 4, name: 'head' }),
    ]),
  );
}

/**
 * Three blocks whose outputs the head takes, each pooled in its own way. The last block also takes what is inside of the
 * first one.
 */
export function bypasses(): tf.LayersModel {
  return network((x) => {
    const inside = chain(x, [
      tf.layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, useBias: false, name: 'inside' }),
    ]);
    const first = chain(inside, [
      tf.layers.batchNormalization({ name: 'norm' }),
      tf.layers.reLU({ maxValue: 6, name: 'first' }),
    ]);
    const second = chain(first, [
      tf.layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', name: 'second' }),
    ]);
    const sum = tf.layers.add({ name: 'sum' }).apply([second, inside]) as tf.SymbolicTensor;
    const third = chain(sum, [
      tf.layers.depthwiseConv2d({ kernelSize: 3, useBias: false, name: 'depthwise' }),
      tf.layers.batchNormalization({ name: 'third' }),
    ]);
    const grid = (name: string) => [
      tf.layers.averagePooling2d({ poolSize: 2, name }),
      tf.layers.flatten({ name: `${name}_flat` }),
    ];
    const pooled = [
      chain(first, [
        tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast', name: 'first_mean' }),
      ]),
      chain(first, grid('first_grid')),
      chain(second, grid('second_grid')),
      chain(third, [
        tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast', name: 'third_mean' }),
      ]),
    ];
    const features = tf.layers.concatenate({ name: 'features' }).apply(pooled);
    return chain(features as tf.SymbolicTensor, [
      tf.layers.batchNormalization({ name: 'scaling' }),
      tf.layers.reLU({ maxValue: 6, name: 'clip' }),
      tf.layers.rescaling({ scale: 1, offset: -3, name: 'centring' }),
      tf.layers.dense({ units: 4, name: 'head' }),
    ]);
  });
}

export const adamw: StepSettings = {
  blockOutputs: BLOCK_OUTPUTS,
  retrained: 1,
  input: 'images',
  optimizer: { beta1: 0.9, beta2: 0.99, epsilon: 1e-7, weightDecay: 0.1 },
  learningRates: [0.01, 0.1],
  clipNorm: 1,
};

/** Takes the steps with these numbers, each on a batch of its own. */
export function take(step: TrainingStep, steps: readonly number[]): number[] {
  return steps.map((i) => step.step(batch(step, i + 1), 1 / (i + 1)).loss);
}
