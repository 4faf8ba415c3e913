import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tensor2D } from '@tensorflow/tfjs';
import type { ManifestExample } from '#core/manifest.ts';
import { decodePicture } from '../data/decode-picture.ts';
import type { Dataset } from '../data/read-dataset.ts';
import { type Head, logitsOf } from '../head/fit-head.ts';
import { modelArtifacts } from '../layers-model.ts';
import { tf } from '../tensorflow/load.ts';
import { MODEL_FOLDER, WEIGHTS_FILE } from './save-model.ts';

const PICTURES = 8;
const LARGEST_DIFFERENCE = 1e-3; // of logits; the two runs differ in nothing but the order of float32 sums

/**
 * Reads a saved student back and asks it about some of its examples, from their bytes on.
 *
 * @param features of all examples, [n, d] row by row
 * @throws Error unless it answers as the head did: what is published must be what was measured
 */
export async function checkSavedModel(
  folder: string,
  head: Head,
  {
    dataset,
    examples,
    features,
    px,
  }: {
    dataset: Dataset;
    examples: readonly ManifestExample[];
    features: Float32Array;
    px: number;
  },
): Promise<void> {
  const files = new Map<string, Buffer>();
  for (const name of ['model.json', WEIGHTS_FILE])
    files.set(name, await readFile(join(folder, MODEL_FOLDER, name)));
  const artifacts = modelArtifacts((name) => files.get(name) ?? new Uint8Array());
  const model = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
  const d = features.length / examples.length;
  const step = Math.ceil(examples.length / PICTURES);

  let worst = 0;
  for (let i = 0; i < examples.length; i += step) {
    const example = examples[i] as ManifestExample;
    const pixels = await decodePicture(await dataset.read(example), px);
    const found = tf.tidy(() => {
      const picture = tf.tensor4d(new Float32Array(pixels), [1, px, px, 3]);
      return (model.predictOnBatch(picture) as Tensor2D).dataSync(); // [classes]
    });
    const expected = logitsOf(head, features.subarray(i * d, (i + 1) * d)); // [classes]
    for (const [k, logit] of expected.entries())
      worst = Math.max(worst, Math.abs(logit - (found[k] ?? Number.NaN)));
  }
  model.dispose();
  if (worst <= LARGEST_DIFFERENCE) return; // false for NaN too
  throw new Error(`the saved student's logits differ by ${worst} from those that were measured`);
}
