import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NamedTensorMap, Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import { at } from '#core/at.ts';
import type { ManifestExample } from '#core/manifest.ts';
import { modelArtifacts } from '#engine/layers-model.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { decodeImage } from '../data/decode-image.ts';
import type { Dataset } from '../data/read-dataset.ts';
import { exists } from '../storage/atomic-file.ts';
import { type Outputs, requireAgreement } from './agreement.ts';
import { MODEL_FOLDER, SAVED_MODEL_FOLDER, WEIGHTS_FILE } from './save-model.ts';

const IMAGES = 8;

/** A saved student, loaded again. */
interface Reloaded {
  predict(image: Tensor4D): Outputs;
  dispose(): void;
}

/**
 * Loads a saved student again, in both formats, and compares its predictions for some examples, decoded anew, with those
 * of the student that was evaluated.
 *
 * @param predict the evaluated student: logits of examples by their indices, [n, classes]
 * @throws Error unless they agree: what is published must be what was measured
 */
export async function checkSavedModel(
  folder: string,
  predict: (indices: Int32Array) => Promise<Float32Array>,
  temperature: number,
  { dataset, examples, px }: { dataset: Dataset; examples: readonly ManifestExample[]; px: number },
): Promise<void> {
  const models = [await loadLayersModel(folder), ...(await loadSavedModel(folder))];
  const step = Math.ceil(examples.length / IMAGES);
  const measured: Float32Array[] = [];
  const found = new Map(models.map((model) => [model, [] as Outputs[]]));
  for (let i = 0; i < examples.length; i += step) {
    const pixels = await decodeImage(await dataset.read(at(examples, i)), px);
    measured.push(await predict(Int32Array.of(i)));
    for (const [model, outputs] of found) {
      outputs.push(
        tf.tidy(() => model.predict(tf.tensor4d(new Float32Array(pixels), [1, px, px, 3]))),
      );
    }
  }
  for (const model of models) model.dispose();
  for (const outputs of found.values()) requireAgreement(outputs, measured, temperature);
}

async function loadLayersModel(folder: string): Promise<Reloaded> {
  const files = new Map<string, Buffer>();
  for (const name of ['model.json', WEIGHTS_FILE])
    files.set(name, await readFile(join(folder, MODEL_FOLDER, name)));
  const artifacts = modelArtifacts((name) => files.get(name) ?? new Uint8Array());
  const model = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
  return {
    predict: (image) => ({
      logits: (model.predictOnBatch(image) as Tensor2D).dataSync() as Float32Array,
    }),
    dispose: () => model.dispose(),
  };
}

async function loadSavedModel(folder: string): Promise<Reloaded[]> {
  const path = join(folder, SAVED_MODEL_FOLDER);
  if (!(await exists(path))) return [];
  const model = await tf.node.loadSavedModel(path, ['serve'], 'serving_default');
  return [
    {
      predict(pixels) {
        const { logits, probabilities } = model.predict({ pixels }) as NamedTensorMap;
        return {
          logits: logits?.dataSync() as Float32Array,
          probabilities: probabilities?.dataSync() as Float32Array,
        };
      },
      dispose: () => model.dispose(),
    },
  ];
}
