import * as z from 'zod';
import type { Problem } from '#core/problem.ts';
import { type Layer, type WeightRole, weightName } from './layer.ts';
import { notKnown } from './not-known.ts';
import { tf } from './tensorflow/load.ts';

/** `weightsManifest` of a model file: the weights in the order in which they lie in its other files. */
export const Manifest = z.array(
  z.object({
    weights: z.array(
      z.looseObject({ name: z.string(), shape: z.array(z.int().min(0)), dtype: z.string() }),
    ),
  }),
);
export type Manifest = z.infer<typeof Manifest>;

/** The weights of all layers by their names, or what is wrong with them. */
export function readWeights(
  layers: ReadonlyMap<string, Layer>,
  manifest: Manifest,
  bytes: Uint8Array,
): { weights: Map<string, Float32Array> } | { problems: Problem[] } {
  const written = manifest.flatMap((group) => group.weights);
  const shapes = new Map(written.map(({ name, shape }) => [name, shape]));
  const problems: Problem[] = [];
  const wanted = new Set<string>();
  for (const layer of layers.values()) {
    for (const [role, shape] of Object.entries(layer.weights)) {
      const name = weightName(layer, role as WeightRole);
      const found = shapes.get(name);
      wanted.add(name);
      if (found?.join() === shape.join()) continue;
      const what = found ? `is [${found}]` : 'is missing';
      problems.push(notKnown(layer.name, `Its weight ${name}, [${shape}], ${what}.`));
    }
  }
  return problems.length > 0 ? { problems } : decode(wanted, written, bytes);
}

/** Weights may be quantised; tfjs knows how to read them. */
function decode(
  wanted: ReadonlySet<string>,
  written: Manifest[number]['weights'],
  { buffer, byteOffset, byteLength }: Uint8Array,
): { weights: Map<string, Float32Array> } | { problems: Problem[] } {
  const file = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
  let tensors: tf.NamedTensorMap;
  try {
    tensors = tf.io.decodeWeights(file, written as Parameters<typeof tf.io.decodeWeights>[1]);
  } catch (error) {
    const what = `The weights cannot be read: ${(error as Error).message}`;
    return { problems: [notKnown('weights', what)] };
  }
  const weights = new Map<string, Float32Array>();
  for (const [name, tensor] of Object.entries(tensors)) {
    if (wanted.has(name)) weights.set(name, Float32Array.from(tensor.dataSync()));
    tensor.dispose();
  }
  return { weights };
}
