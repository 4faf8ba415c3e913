import * as z from 'zod';
import type { Shape } from './graph.ts';
import type { Layer, Padding } from './layer.ts';

/** What reading a layer's settings gives; what it throws is a ZodError. */
export type Reading = Pick<Layer, 'operation' | 'shape'> & Partial<Pick<Layer, 'weights'>>;
export type ReadSettings = (config: unknown, input: Shape, inputs: readonly Shape[]) => Reading;

// How Keras writes settings; what is literal here is all that the engine knows.

export const Count = z.int().positive();

export const pair = z.union([
  z.tuple([Count, Count]),
  z.tuple([Count]).transform(([each]): [number, number] => [each, each]),
  Count.transform((each): [number, number] => [each, each]),
]);

export const padding = z
  .enum(['same', 'valid'])
  .default('valid')
  .transform((word) => word.toUpperCase() as Padding);

export const channelsLast = z.literal('channels_last').nullish();

export const activation = z.enum(['linear', 'relu', 'relu6', 'softmax']).default('linear');

export const Picture = z.tuple([z.literal(-1), Count, Count, Count], 'it takes in pictures');

export const Vector = z.tuple([z.literal(-1), Count], 'it takes in vectors');

export const channelsOf = (shape: Shape): number => shape.at(-1) ?? 0;
