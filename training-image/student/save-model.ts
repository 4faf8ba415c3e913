import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayersNetwork } from '#engine/network.ts';
import { writeSavedModel } from '#engine/saved-model.ts';
import type { Topology } from '#engine/topology.ts';

export const MODEL_FOLDER = 'model';
export const WEIGHTS_FILE = 'weights.bin';
export const SAVED_MODEL_FOLDER = 'saved_model';

/**
 * Writes a student as a tfjs layers-model of two files, float32, that can be loaded without any code of this project, and
 * as a SavedModel, unless the engine does not support some of its layers.
 *
 * @param topology the network as the engine reads it
 * @param temperature by which the SavedModel divides logits to compute probabilities
 * @param folder of the whole student; emptied first, since an interrupted training may have left files there
 */
export async function saveModel(
  { modelTopology, weightSpecs, weights }: LayersNetwork,
  topology: Topology | undefined,
  temperature: number,
  folder: string,
): Promise<void> {
  await empty(folder);
  await mkdir(join(folder, MODEL_FOLDER));
  const model = {
    format: 'layers-model',
    generatedBy: 'understudy',
    convertedBy: null,
    modelTopology,
    weightsManifest: [{ paths: [WEIGHTS_FILE], weights: weightSpecs }],
  };
  await writeFile(join(folder, MODEL_FOLDER, 'model.json'), JSON.stringify(model));
  await writeFile(join(folder, MODEL_FOLDER, WEIGHTS_FILE), weights);
  if (topology) await writeSavedModel(topology, join(folder, SAVED_MODEL_FOLDER), temperature);
}

/** Keeps the folder itself: in the container it is a mount. */
async function empty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
}
