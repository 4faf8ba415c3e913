import * as z from 'zod';
import type { Shape } from './graph.ts';
import type { Padding, PoolingKind } from './layer.ts';
import {
  activation,
  Count,
  channelsLast,
  channelsOf,
  Picture,
  padding,
  pair,
  type Reading,
  type ReadSettings,
} from './layer-settings.ts';

/** The layers that look at pictures, [height, width, channels], by Keras's class names. */
export const PICTURE_LAYERS: Record<string, ReadSettings> = {
  Conv2D(config, input) {
    const settings = Convolution.extend({ filters: Count }).parse(config);
    const kernel = [...settings.kernel_size, channelsOf(input), settings.filters];
    return convolution(settings, input, kernel, settings.filters, false);
  },

  DepthwiseConv2D(config, input) {
    const settings = Convolution.extend({
      depth_multiplier: Count.default(1),
      strides: pair.default([1, 1]).refine(([a, b]) => a === b, 'both must be the same'),
    }).parse(config);
    const kernel = [...settings.kernel_size, channelsOf(input), settings.depth_multiplier];
    const channels = channelsOf(input) * settings.depth_multiplier;
    return convolution(settings, input, kernel, channels, true);
  },

  ZeroPadding2D(config, input) {
    const [, height, width, channels] = Picture.parse(input);
    const [[top, bottom], [left, right]] = ZeroPadding.parse(config).padding;
    return {
      operation: { kind: 'zero-padding', top, bottom, left, right },
      shape: [-1, height + top + bottom, width + left + right, channels],
    };
  },

  MaxPooling2D: (config, input) => pooling('max', config, input),
  AveragePooling2D: (config, input) => pooling('average', config, input),
  GlobalMaxPooling2D: (config, input) => globalPooling('max', config, input),
  GlobalAveragePooling2D: (config, input) => globalPooling('average', config, input),
};

const Convolution = z.object({
  strides: pair.default([1, 1]),
  padding,
  data_format: channelsLast,
  dilation_rate: pair.refine(([a, b]) => a === 1 && b === 1, 'it must be 1').optional(),
  groups: z.literal(1).nullish(),
  kernel_size: pair,
  activation,
  use_bias: z.boolean().default(true),
});

function convolution(
  settings: z.output<typeof Convolution>,
  input: Shape,
  kernel: Shape,
  channels: number,
  depthwise: boolean,
): Reading {
  const { kernel_size, strides, padding, activation, use_bias } = settings;
  return {
    operation: { kind: 'convolution', depthwise, strides, padding, activation },
    shape: slidden(input, kernel_size, strides, padding, channels),
    weights: { kernel, ...(use_bias ? { bias: [channels] } : {}) },
  };
}

const Side = z.int().min(0);
type Sides = [[number, number], [number, number]]; // top and bottom, left and right
const ZeroPadding = z.object({
  data_format: channelsLast,
  padding: z
    .union([
      z.tuple([z.tuple([Side, Side]), z.tuple([Side, Side])]),
      z.tuple([Side, Side]).transform(
        ([h, w]) =>
          [
            [h, h],
            [w, w],
          ] as Sides,
      ),
      Side.transform(
        (each) =>
          [
            [each, each],
            [each, each],
          ] as Sides,
      ),
    ])
    .default([
      [1, 1],
      [1, 1],
    ]),
});

const Pooling = z.object({
  pool_size: pair.default([2, 2]),
  strides: pair.nullish(),
  padding,
  data_format: channelsLast,
});

function pooling(of: PoolingKind, config: unknown, input: Shape): Reading {
  const { pool_size: size, strides: given, padding } = Pooling.parse(config);
  const strides = given ?? size;
  return {
    operation: { kind: 'pooling', of, size, strides, padding },
    shape: slidden(input, size, strides, padding, channelsOf(input)),
  };
}

const GlobalPooling = z.object({
  data_format: channelsLast,
  keepdims: z.boolean().default(false),
});

function globalPooling(of: PoolingKind, config: unknown, input: Shape): Reading {
  const [, , , channels] = Picture.parse(input);
  const { keepdims } = GlobalPooling.parse(config);
  return {
    operation: { kind: 'global-pooling', of },
    shape: keepdims ? [-1, 1, 1, channels] : [-1, channels],
  };
}

/** The shape of what a window gives that slides over pictures. */
function slidden(
  input: Shape,
  window: readonly [number, number],
  strides: readonly [number, number],
  padding: Padding,
  channels: number,
): Shape {
  const [, height, width] = Picture.parse(input);
  const steps = (length: number, axis: 0 | 1) =>
    padding === 'SAME'
      ? Math.ceil(length / strides[axis])
      : Math.floor((length - window[axis]) / strides[axis]) + 1;
  return [-1, steps(height, 0), steps(width, 1), channels];
}
