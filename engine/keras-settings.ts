import * as z from 'zod';
import type { Padding } from './topology.ts';

// The settings as Keras writes them. Where a schema names literals, they are all that is supported.

const Count = z.int().positive();
const Pair = z.union([
  z.tuple([Count, Count]),
  z.tuple([Count]).transform(([each]): [number, number] => [each, each]),
  Count.transform((each): [number, number] => [each, each]),
]);
const ChannelsLast = z.literal('channels_last').nullish();
const ActivationName = z.enum(['linear', 'relu', 'relu6']).default('linear');
const PaddingName = z
  .enum(['same', 'valid'])
  .default('valid')
  .transform((name) => name.toUpperCase() as Padding);

export const InputLayer = z.object({
  batch_input_shape: z.tuple([z.null()], Count, 'the size of the images must be fixed'),
});
export const Rescaling = z.object({ scale: z.number(), offset: z.number().default(0) });
export const Convolution = z.object({
  kernel_size: Pair,
  strides: Pair.default([1, 1]),
  padding: PaddingName,
  data_format: ChannelsLast,
  dilation_rate: Pair.refine(([a, b]) => a === 1 && b === 1, 'it must be 1').optional(),
  groups: z.literal(1).nullish(),
  activation: ActivationName,
  use_bias: z.boolean().default(true),
});
export const Conv2D = Convolution.extend({ filters: Count });
export const DepthwiseConv2D = Convolution.extend({
  depth_multiplier: Count.default(1),
  strides: Pair.default([1, 1]).refine(([a, b]) => a === b, 'both must be the same'),
});
export const BatchNormalization = z.object({
  axis: z.union([z.int(), z.tuple([z.int()]).transform(([axis]) => axis)]).default(-1), // Keras 2 writes a list
  epsilon: z.number().positive().default(1e-3),
  center: z.boolean().default(true),
  scale: z.boolean().default(true),
});
export const Dense = z.object({
  units: Count,
  activation: ActivationName,
  use_bias: z.boolean().default(true),
});
export const ReLU = z.object({
  max_value: z.literal(6).nullish(),
  negative_slope: z.literal(0).nullish(),
  threshold: z.literal(0).nullish(),
});
export const Concatenate = z.object({ axis: z.int().default(-1) });
export const AveragePooling2D = z.object({
  pool_size: Pair.default([2, 2]),
  strides: Pair.nullish(),
  padding: PaddingName,
  data_format: ChannelsLast,
});
export const GlobalAveragePooling2D = z.object({
  data_format: ChannelsLast,
  keepdims: z.boolean().default(false),
});
export const Flatten = z.object({ data_format: ChannelsLast });
