import type * as z from 'zod';
import { at } from '#core/at.ts';
import { lastSize, type Shape, sizeOf } from './graph.ts';
import * as keras from './keras-settings.ts';
import type { Layer, Padding } from './topology.ts';

/** Says in a sentence what about a layer is unsupported. */
export class UnsupportedLayer extends Error {
  override name = 'UnsupportedLayer';
}

/** A layer as a model file describes it, with the shapes of its inputs. */
export interface WrittenLayer {
  name: string;
  className: string;
  config: Readonly<Record<string, unknown>>;
  inputs: readonly string[];
  inputShapes: readonly Shape[];
}

/** @throws UnsupportedLayer */
export function readLayer(written: WrittenLayer): Layer {
  const { name, className, config, inputs } = written;
  const read = READERS.get(className);
  if (!read) throw new UnsupportedLayer(unsupportedType(className));
  const [fewest, most] = INPUTS.get(className) ?? [1, 1];
  if (inputs.length < fewest || inputs.length > most) {
    throw new UnsupportedLayer(`A layer of type ${className} cannot have ${inputs.length} inputs.`);
  }
  const reading = read(written);
  const size = reading.shape.slice(1);
  if (size.some((each) => each < 1)) {
    throw new UnsupportedLayer(`Its output would be empty, [${size}].`);
  }
  return { name, inputs, weights: {}, source: { className, config }, ...reading };
}

export const isSupported = (className: string): boolean => READERS.has(className);

export const unsupportedType = (className: string): string =>
  `Unsupported layer type: ${className}.`;

/** The fewest and the most inputs of a layer, unless it has exactly one. */
const INPUTS = new Map<string, readonly [number, number]>([
  ['InputLayer', [0, 0]],
  ['Add', [2, Infinity]],
  ['Concatenate', [2, Infinity]],
]);

type Reading = Pick<Layer, 'operation' | 'shape'> & Partial<Pick<Layer, 'weights'>>;

/** By Keras's class names. */
const LAYERS: Record<string, (written: WrittenLayer) => Reading> = {
  InputLayer(written) {
    const { batch_input_shape } = settingsOf(written, keras.InputLayer);
    const [, ...sizes] = batch_input_shape;
    return { operation: { kind: 'input' }, shape: [-1, ...sizes] };
  },

  Rescaling(written) {
    const { scale, offset } = settingsOf(written, keras.Rescaling);
    return { operation: { kind: 'rescaling', scale, offset }, shape: inputOf(written) };
  },

  Conv2D(written) {
    const settings = settingsOf(written, keras.Conv2D);
    const kernel = [...settings.kernel_size, lastSize(inputOf(written)), settings.filters];
    return convolution(written, settings, kernel, settings.filters, false);
  },

  DepthwiseConv2D(written) {
    const settings = settingsOf(written, keras.DepthwiseConv2D);
    const channels = lastSize(inputOf(written));
    const kernel = [...settings.kernel_size, channels, settings.depth_multiplier];
    return convolution(written, settings, kernel, channels * settings.depth_multiplier, true);
  },

  BatchNormalization(written) {
    const shape = inputOf(written);
    const { axis, epsilon, center, scale } = settingsOf(written, keras.BatchNormalization);
    requireLastAxis(written, axis);
    const vector = [lastSize(shape)];
    return {
      operation: { kind: 'batch-norm', epsilon },
      shape,
      weights: {
        ...(scale ? { gamma: vector } : {}),
        ...(center ? { beta: vector } : {}),
        moving_mean: vector,
        moving_variance: vector,
      },
    };
  },

  Dense(written) {
    const { units, activation, use_bias } = settingsOf(written, keras.Dense);
    const shape = inputOf(written);
    if (shape.length !== 2) throw new UnsupportedLayer('The input of Dense must be a vector.');
    return {
      operation: { kind: 'dense', activation },
      shape: [-1, units],
      weights: { kernel: [lastSize(shape), units], ...(use_bias ? { bias: [units] } : {}) },
    };
  },

  ReLU(written) {
    const { max_value } = settingsOf(written, keras.ReLU);
    const activation = max_value === 6 ? 'relu6' : 'relu';
    return { operation: { kind: 'activation', activation }, shape: inputOf(written) };
  },

  Add(written) {
    const shape = inputOf(written);
    requireSameShapes(written, written.inputShapes);
    return { operation: { kind: 'add' }, shape };
  },

  Concatenate(written) {
    requireLastAxis(written, settingsOf(written, keras.Concatenate).axis);
    const leading = written.inputShapes.map((shape) => shape.slice(0, -1));
    requireSameShapes(written, leading);
    const size = written.inputShapes.reduce((sum, shape) => sum + lastSize(shape), 0);
    return { operation: { kind: 'concatenate' }, shape: [...at(leading, 0), size] };
  },

  AveragePooling2D(written) {
    const { pool_size: size, padding, ...settings } = settingsOf(written, keras.AveragePooling2D);
    const strides = settings.strides ?? size;
    return {
      operation: { kind: 'average-pooling', size, strides, padding },
      shape: slidingShape(written, size, strides, padding, lastSize(inputOf(written))),
    };
  },

  GlobalAveragePooling2D(written) {
    const { keepdims } = settingsOf(written, keras.GlobalAveragePooling2D);
    const [, , , channels] = imagesOf(written);
    return {
      operation: { kind: 'global-average-pooling' },
      shape: keepdims ? [-1, 1, 1, channels] : [-1, channels],
    };
  },

  Flatten(written) {
    settingsOf(written, keras.Flatten);
    const size = sizeOf(inputOf(written).slice(1));
    return { operation: { kind: 'flatten' }, shape: [-1, size] };
  },
};

const READERS = new Map(Object.entries(LAYERS)); // unlike an object, it has no `toString`

function convolution(
  written: WrittenLayer,
  { kernel_size, strides, padding, activation, use_bias }: z.output<typeof keras.Convolution>,
  kernel: Shape,
  channels: number,
  depthwise: boolean,
): Reading {
  return {
    operation: { kind: 'convolution', depthwise, strides, padding, activation },
    shape: slidingShape(written, kernel_size, strides, padding, channels),
    weights: { kernel, ...(use_bias ? { bias: [channels] } : {}) },
  };
}

/** The shape of the output where a window slides over images. */
function slidingShape(
  written: WrittenLayer,
  window: readonly [number, number],
  strides: readonly [number, number],
  padding: Padding,
  channels: number,
): Shape {
  const [, height, width] = imagesOf(written);
  const steps = (length: number, axis: 0 | 1) =>
    padding === 'SAME'
      ? Math.ceil(length / strides[axis])
      : Math.floor((length - window[axis]) / strides[axis]) + 1;
  return [-1, steps(height, 0), steps(width, 1), channels];
}

const inputOf = ({ inputShapes }: WrittenLayer): Shape => at(inputShapes, 0);

function imagesOf(written: WrittenLayer): readonly [number, number, number, number] {
  const [n, height, width, channels, ...more] = inputOf(written);
  if (n === undefined || !height || !width || !channels || more.length > 0) {
    throw new UnsupportedLayer(`The input of ${written.className} must be images.`);
  }
  return [n, height, width, channels];
}

function requireLastAxis({ className, inputShapes }: WrittenLayer, axis: number): void {
  if (axis === -1 || axis === at(inputShapes, 0).length - 1) return;
  throw new UnsupportedLayer(
    `${className} is supported on the last axis only, not on axis ${axis}.`,
  );
}

function requireSameShapes({ className }: WrittenLayer, shapes: readonly Shape[]): void {
  if (new Set(shapes.map(String)).size === 1) return;
  throw new UnsupportedLayer(`The inputs of ${className} do not have matching shapes.`);
}

/** @throws UnsupportedLayer with all settings that the schema does not allow */
function settingsOf<Schema extends z.ZodType>(
  { className, config }: WrittenLayer,
  schema: Schema,
): z.output<Schema> {
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new UnsupportedLayer(`Unsupported settings of ${className}: ${issues.join('; ')}.`);
}
