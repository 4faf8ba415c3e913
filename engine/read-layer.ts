import * as z from 'zod';
import type { Shape } from './graph.ts';
import type { Layer } from './layer.ts';
import {
  activation,
  Count,
  channelsLast,
  channelsOf,
  type ReadSettings,
  Vector,
} from './layer-settings.ts';
import { PICTURE_LAYERS } from './read-picture-layer.ts';
import { sizeOf } from './topology.ts';

/**
 * What a layer of a model file computes, its weights and the shape of its output.
 *
 * @param inputShapes of the layers that it takes in
 * @returns a sentence if it is none of those that the engine knows
 */
export function readLayer(
  name: string,
  className: string,
  config: Readonly<Record<string, unknown>>,
  inputs: readonly string[],
  inputShapes: readonly Shape[],
): Layer | string {
  const read = LAYERS.get(className);
  if (!read) return unknownKind(className);
  const arity = INPUTS[className] ?? 1;
  if (inputs.length < arity || (inputs.length > 1 && arity < 2))
    return `A layer of the kind ${className} cannot take in ${inputs.length} others.`;
  try {
    const reading = read(config, inputShapes[0] ?? [], inputShapes);
    const size = reading.shape.slice(1);
    if (size.some((each) => each < 1)) return `Its output would be empty, [${size}].`;
    return { name, inputs, weights: {}, source: { className, config }, ...reading };
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const [issue] = error.issues;
    const setting = issue?.path[0] === undefined ? 'input' : String(issue.path[0]);
    return `The engine does not know ${className} with such a ${setting}: ${issue?.message}.`;
  }
}

export const knowsKind = (className: string): boolean => LAYERS.has(className);

export const unknownKind = (className: string): string =>
  `The engine knows no layer of the kind ${className}.`;

/** How many layers a layer takes in at least, where it is not one. */
const INPUTS: Record<string, number> = { InputLayer: 0, Add: 2 };

/** By Keras's class names. */
const READERS: Record<string, ReadSettings> = {
  ...PICTURE_LAYERS,

  InputLayer(config) {
    const Sizes = z.tuple([z.null()], Count, 'the sizes of its pictures must be fixed');
    const { batch_input_shape } = z.object({ batch_input_shape: Sizes }).parse(config);
    const [, ...sizes] = batch_input_shape;
    return { operation: { kind: 'input' }, shape: [-1, ...sizes] };
  },

  Rescaling(config, shape) {
    const Settings = z.object({ scale: z.number(), offset: z.number().default(0) });
    return { operation: { kind: 'rescaling', ...Settings.parse(config) }, shape };
  },

  BatchNormalization(config, shape) {
    const axis = z
      .int()
      .refine((each) => each === -1 || each === shape.length - 1, 'it must be the last one');
    const { epsilon, momentum, center, scale } = Norm.extend({
      axis: z.union([axis, z.tuple([axis])]).default(-1), // Keras 2 writes a list
    }).parse(config);
    const vector = [channelsOf(shape)];
    return {
      operation: { kind: 'norm', epsilon, momentum },
      shape,
      weights: {
        ...(scale ? { gamma: vector } : {}),
        ...(center ? { beta: vector } : {}),
        moving_mean: vector,
        moving_variance: vector,
      },
    };
  },

  Dense(config, input) {
    const [, width] = Vector.parse(input);
    const { units, activation, use_bias } = Dense.parse(config);
    return {
      operation: { kind: 'dense', activation },
      shape: [-1, units],
      weights: { kernel: [width, units], ...(use_bias ? { bias: [units] } : {}) },
    };
  },

  Activation: (config, shape) => ({
    operation: { kind: 'activation', ...z.object({ activation }).parse(config) },
    shape,
  }),

  ReLU(config, shape) {
    const { max_value } = Rectifier.parse(config);
    const activation = max_value === 6 ? 'relu6' : 'relu';
    return { operation: { kind: 'activation', activation }, shape };
  },

  Softmax(config, shape) {
    z.object({ axis: z.literal(-1).nullish() }).parse(config);
    return { operation: { kind: 'activation', activation: 'softmax' }, shape };
  },

  Add(_, shape, shapes) {
    const alike = shapes.every((each) => each.join() === shape.join());
    z.unknown()
      .refine(() => alike, 'all must have one shape')
      .parse(shapes);
    return { operation: { kind: 'add' }, shape };
  },

  Flatten(config, input) {
    z.object({ data_format: channelsLast }).parse(config);
    return { operation: { kind: 'reshape' }, shape: [-1, -sizeOf(input)] };
  },

  Reshape(config, input) {
    const Size = z.int().or(z.null().transform(() => -1)); // tfjs writes null for -1
    const { target_shape } = z.object({ target_shape: z.array(Size) }).parse(config);
    const size = -sizeOf(input); // the number of examples counts as -1
    const rest = sizeOf(target_shape.filter((each) => each !== -1));
    const shape = target_shape.map((each) => (each === -1 ? size / rest : each));
    z.object({
      target_shape: z.unknown().refine(() => sizeOf(shape) === size, `it must have ${size} values`),
    }).parse(config);
    return { operation: { kind: 'reshape' }, shape: [-1, ...shape] };
  },

  Dropout(config, shape) {
    const { rate } = z
      .object({ rate: z.number().min(0).lt(1), noise_shape: z.null().optional() })
      .parse(config);
    return { operation: { kind: 'dropout', rate }, shape };
  },
};

const LAYERS = new Map(Object.entries(READERS)); // so that nothing else is found in it, as `toString` is in an object

const Norm = z.object({
  epsilon: z.number().positive().default(1e-3),
  momentum: z.number().min(0).max(1).default(0.99),
  center: z.boolean().default(true),
  scale: z.boolean().default(true),
});

const Dense = z.object({ units: Count, activation, use_bias: z.boolean().default(true) });

const Rectifier = z.object({
  max_value: z.literal(6).nullish(),
  negative_slope: z.literal(0).nullish(),
  threshold: z.literal(0).nullish(),
});
