import type { LayersModel, SymbolicTensor, Tensor2D } from '@tensorflow/tfjs';
import { frozenPrefix } from '#engine/frozen-prefix.ts';
import { readModel } from '#engine/read-model.ts';
import { tf } from '#engine/tensorflow/load.ts';
import type { Teacher } from './load-teacher.ts';

/** Images per call of the backbone; larger batches are no faster on a CPU and take more memory. */
export const IMAGES_AT_ONCE = 32;

/** The frozen backbone, ready to run. */
export interface Backbone {
  /**
   * @param pixels n images of [px, px, 3], RGB, 0 to 255
   * @returns features, [n, d] row by row
   */
  features(pixels: Uint8Array): Float32Array;
  dispose(): void;
}

/** Opens the backbone as a graph of constants, more than twice as fast as tfjs; with tfjs if the engine lacks a layer. */
export function openBackbone({ entry, px, model, json, weights }: Teacher): Backbone {
  const { channels } = entry.input;
  const countOf = (pixels: Uint8Array) => pixels.length / (px * px * channels);
  const read = readModel(json, weights);
  if (read.ok) {
    const prefix = frozenPrefix(read.value, [entry.features.layer]);
    return {
      features: (pixels) => prefix.run(pixels, countOf(pixels))[0] ?? new Float32Array(),
      dispose: prefix.dispose,
    };
  }
  const backbone = backboneOf(model, entry.features.layer);
  return {
    features: (pixels) =>
      tf.tidy(() => {
        const shape: [number, number, number, number] = [countOf(pixels), px, px, channels];
        const images = tf.tensor4d(new Float32Array(pixels), shape); // [n, px, px, 3]
        // predict, not apply: BatchNorm must use its moving statistics.
        return (backbone.predictOnBatch(images) as Tensor2D).dataSync() as Float32Array; // [n, d]
      }),
    dispose: () => undefined, // its layers belong to the teacher
  };
}

/** The model up to its features, sharing its layers: [b, px, px, 3], pixels 0 to 255 → [b, d]. */
export const backboneOf = (model: LayersModel, featuresLayer: string): LayersModel =>
  tf.model({
    inputs: model.inputs,
    outputs: model.getLayer(featuresLayer).output as SymbolicTensor,
  });
