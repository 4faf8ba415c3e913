import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { io, LayersModel } from '@tensorflow/tfjs';
import { tf } from '../tensorflow/load.ts';

export const MODEL_FOLDER = 'model';
export const WEIGHTS_FILE = 'weights.bin';

/**
 * Writes a student as a tfjs layers-model of two files, float32, that needs no code of ours to be loaded.
 *
 * @param folder the whole student's; whatever an interrupted training left in it goes
 */
export async function saveModel(student: LayersModel, folder: string): Promise<void> {
  await empty(folder);
  await mkdir(join(folder, MODEL_FOLDER));
  const handler = tf.io.withSaveHandler(async (artifacts: io.ModelArtifacts) => {
    const { modelTopology, weightSpecs, weightData } = artifacts;
    const model = {
      format: 'layers-model',
      generatedBy: 'understudy',
      convertedBy: null,
      modelTopology,
      weightsManifest: [{ paths: [WEIGHTS_FILE], weights: weightSpecs }],
    };
    const write = (name: string, bytes: string | Uint8Array) =>
      writeFile(join(folder, MODEL_FOLDER, name), bytes);
    await write('model.json', JSON.stringify(model));
    await write(WEIGHTS_FILE, new Uint8Array(weightData as ArrayBuffer));
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } };
  });
  await student.save(handler);
}

/** The folder itself stays: in the container it is a mount. */
async function empty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
}
