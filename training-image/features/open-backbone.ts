import type { Tensor2D } from '@tensorflow/tfjs';
import { frozenPrefix } from '#engine/frozen-prefix.ts';
import { networkOf, topologyOf } from '#engine/network.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { featureModel } from './feature-model.ts';
import type { PooledLayer } from './feature-sets.ts';
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

/**
 * Opens the backbone as a graph of constants, more than twice as fast as tfjs; with tfjs if the engine lacks a layer.
 *
 * @param layers the pooled layers that make up the features, in this order
 */
export async function openBackbone(
  { entry, model, px }: Teacher,
  layers: readonly PooledLayer[],
): Promise<Backbone> {
  const { channels } = entry.input;
  const countOf = (pixels: Uint8Array) => pixels.length / (px * px * channels);
  const backbone = featureModel(model, layers);
  const topology = topologyOf(await networkOf(backbone));
  if (topology) {
    const prefix = frozenPrefix(topology, [topology.output]);
    return {
      features: (pixels) => prefix.run(pixels, countOf(pixels))[0] ?? new Float32Array(),
      dispose: prefix.dispose,
    };
  }
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
