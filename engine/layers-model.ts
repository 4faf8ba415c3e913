import type { io } from '@tensorflow/tfjs';

/** Reads a file of a tfjs layers-model by its name inside the model folder. */
export type ModelFiles = (name: string) => Uint8Array;

/** Assembles a layers-model in memory from its files. */
export function modelArtifacts(files: ModelFiles): io.ModelArtifacts {
  const model = JSON.parse(Buffer.from(files('model.json')).toString()) as io.ModelJSON;
  const parts = model.weightsManifest.flatMap(({ paths }) => paths.map(files));
  return {
    modelTopology: model.modelTopology,
    weightSpecs: model.weightsManifest.flatMap(({ weights }) => weights),
    weightData: Uint8Array.from(Buffer.concat(parts)).buffer,
  };
}
