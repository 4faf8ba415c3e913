import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NamedTensorMap, Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import type { ManifestExample } from '#core/manifest.ts';
import { modelArtifacts } from '#engine/layers-model.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { decodeImage } from '../data/decode-image.ts';
import type { Dataset } from '../data/read-dataset.ts';
import { type Outputs, requireAgreement } from './agreement.ts';
import { MODEL_FOLDER, SAVED_MODEL_FOLDER, WEIGHTS_FILE } from './save-model.ts';

const IMAGES = 8;

/** How a saved student answers. */
interface Reloaded {
  /** @returns logits, and the probabilities if it gives them itself, both [classes] */
  ask(image: Tensor4D): Outputs;
  dispose(): void;
}

/**
 * Reads a saved student back, in both of its forms, and asks it about some of its examples, from their bytes on.
 *
 * @param ask the student as it was measured: the logits of examples by their numbers, [n, classes]
 * @throws Error unless it answers the same: what is published must be what was measured
 */
export async function checkSavedModel(
  folder: string,
  ask: (examples: Int32Array) => Promise<Float32Array>,
  temperature: number,
  { dataset, examples, px }: { dataset: Dataset; examples: readonly ManifestExample[]; px: number },
): Promise<void> {
  const forms = [await layersModelIn(folder), ...(await savedModelIn(folder))];
  const step = Math.ceil(examples.length / IMAGES);
  const measured: Float32Array[] = [];
  const found = new Map(forms.map((form) => [form, [] as Outputs[]]));
  for (let i = 0; i < examples.length; i += step) {
    const pixels = await decodeImage(await dataset.read(examples[i] as ManifestExample), px);
    measured.push(await ask(Int32Array.of(i)));
    for (const [form, outputs] of found) {
      outputs.push(tf.tidy(() => form.ask(tf.tensor4d(new Float32Array(pixels), [1, px, px, 3]))));
    }
  }
  for (const form of forms) form.dispose();
  for (const outputs of found.values()) requireAgreement(outputs, measured, temperature);
}

async function layersModelIn(folder: string): Promise<Reloaded> {
  const files = new Map<string, Buffer>();
  for (const name of ['model.json', WEIGHTS_FILE])
    files.set(name, await readFile(join(folder, MODEL_FOLDER, name)));
  const artifacts = modelArtifacts((name) => files.get(name) ?? new Uint8Array());
  const model = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
  return {
    ask: (image) => ({
      logits: (model.predictOnBatch(image) as Tensor2D).dataSync() as Float32Array,
    }),
    dispose: () => model.dispose(),
  };
}

async function savedModelIn(folder: string): Promise<Reloaded[]> {
  const place = join(folder, SAVED_MODEL_FOLDER);
  const isThere = await access(place).then(
    () => true,
    () => false,
  );
  if (!isThere) return [];
  const model = await tf.node.loadSavedModel(place, ['serve'], 'serving_default');
  return [
    {
      ask(pixels) {
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
