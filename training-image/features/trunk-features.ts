import type { Tensor2D } from '@tensorflow/tfjs';
import type { Teacher } from '../teacher/load-teacher.ts';
import { tf } from '../tensorflow/load.ts';

/** Pictures that go through the trunk at once; larger batches are no faster on a CPU and take more memory. */
export const PICTURES_AT_ONCE = 32;

/**
 * The frozen trunk's output for a batch.
 *
 * @param pixels n pictures of [px, px, 3], RGB, 0 to 255
 * @returns features, [n, d] row by row
 */
export function trunkFeatures({ trunk, entry }: Teacher, pixels: Uint8Array): Float32Array {
  const { px, channels } = entry.input;
  const n = pixels.length / (px * px * channels);
  return tf.tidy(() => {
    const pictures = tf.tensor4d(new Float32Array(pixels), [n, px, px, channels]); // [n, px, px, 3]
    // predict, not apply: BatchNorm must use its moving statistics.
    return (trunk.predictOnBatch(pictures) as Tensor2D).dataSync() as Float32Array; // [n, d]
  });
}
