import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { io, LayersModel, Tensor2D } from '@tensorflow/tfjs';
import { modelArtifacts } from '../layers-model.ts';
import { tf } from '../tensorflow/load.ts';

const WEIGHTS_FILE = 'weights.bin';

/** Writes a student as a tfjs layers-model of two files, float32, that needs no code of ours to be loaded. */
export async function saveModel(student: LayersModel, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const handler = tf.io.withSaveHandler(async (artifacts: io.ModelArtifacts) => {
    const { modelTopology, weightSpecs, weightData } = artifacts;
    const model = {
      format: 'layers-model',
      generatedBy: 'understudy',
      convertedBy: null,
      modelTopology,
      weightsManifest: [{ paths: [WEIGHTS_FILE], weights: weightSpecs }],
    };
    await writeFile(join(folder, 'model.json'), JSON.stringify(model));
    await writeFile(join(folder, WEIGHTS_FILE), Buffer.from(weightData as ArrayBuffer));
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } };
  });
  await student.save(handler);
}

const LARGEST_DIFFERENCE = 1e-3; // of logits; the two runs differ in nothing but the order of float32 sums

/**
 * Reads a saved model back and asks it about some pictures.
 *
 * @param pixels uint8 [n, px, px, 3]
 * @param expected logits [n, classes] row by row
 * @throws Error unless it answers as expected: what is published must be what was measured
 */
export async function checkSavedModel(
  folder: string,
  pixels: Uint8Array,
  expected: Float32Array,
  px: number,
): Promise<void> {
  const files = new Map<string, Buffer>();
  for (const name of ['model.json', WEIGHTS_FILE])
    files.set(name, await readFile(join(folder, name)));
  const model = await tf.loadLayersModel(
    tf.io.fromMemory(modelArtifacts((name) => files.get(name) ?? new Uint8Array())),
  );
  const logits = tf.tidy(() => {
    const n = pixels.length / (px * px * 3);
    const pictures = tf.tensor4d(new Float32Array(pixels), [n, px, px, 3]);
    return (model.predictOnBatch(pictures) as Tensor2D).dataSync();
  });
  model.dispose();
  const worst = expected.reduce(
    (most, each, i) => Math.max(most, Math.abs(each - (logits[i] ?? NaN))),
    0,
  );
  if (worst <= LARGEST_DIFFERENCE) return; // false for NaN too
  throw new Error(`the saved student's logits differ by ${worst} from those that were measured`);
}
