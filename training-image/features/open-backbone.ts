import type { LayersModel, SymbolicTensor, Tensor2D } from '@tensorflow/tfjs';
import { frozenPrefix } from '#engine/frozen-prefix.ts';
import { readTopology } from '#engine/read-topology.ts';
import { tf } from '#engine/tensorflow/load.ts';
import type { Teacher } from './load-teacher.ts';

/** Pictures that go through the trunk at once; larger batches are no faster on a CPU and take more memory. */
export const PICTURES_AT_ONCE = 32;

/** The frozen trunk, ready to be run. */
export interface Trunk {
  /**
   * @param pixels n pictures of [px, px, 3], RGB, 0 to 255
   * @returns features, [n, d] row by row
   */
  features(pixels: Uint8Array): Float32Array;
  dispose(): void;
}

/** As a graph of constants, which is more than twice as fast as tfjs; by tfjs itself where a layer is not known to it. */
export function openTrunk({ entry, model, json, weights }: Teacher): Trunk {
  const { px, channels } = entry.input;
  const countOf = (pixels: Uint8Array) => pixels.length / (px * px * channels);
  const read = readTopology(json, weights);
  if ('topology' in read) {
    const prefix = frozenPrefix(read.topology, [{ layer: entry.features.layer }]);
    return {
      features: (pixels) => prefix.run(pixels, countOf(pixels))[0] ?? new Float32Array(),
      dispose: prefix.dispose,
    };
  }
  const trunk = trunkOf(model, entry.features.layer);
  return {
    features: (pixels) =>
      tf.tidy(() => {
        const shape: [number, number, number, number] = [countOf(pixels), px, px, channels];
        const pictures = tf.tensor4d(new Float32Array(pixels), shape); // [n, px, px, 3]
        // predict, not apply: BatchNorm must use its moving statistics.
        return (trunk.predictOnBatch(pictures) as Tensor2D).dataSync() as Float32Array; // [n, d]
      }),
    dispose: () => undefined, // its layers are the teacher's
  };
}

/** [b, px, px, 3] pixels 0 to 255 → features [b, d]; the layers are the model's own. */
export const trunkOf = (model: LayersModel, featuresLayer: string): LayersModel =>
  tf.model({
    inputs: model.inputs,
    outputs: model.getLayer(featuresLayer).output as SymbolicTensor,
  });
