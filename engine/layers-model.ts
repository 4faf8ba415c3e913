import type { io } from '@tensorflow/tfjs';

/** The files of a tfjs layers-model, by their names inside its folder. */
export type ModelFiles = (name: string) => Uint8Array;

/** A layers-model out of its files, whole and in memory. */
export function modelArtifacts(files: ModelFiles): io.ModelArtifacts {
  const model = JSON.parse(Buffer.from(files('model.json')).toString()) as io.ModelJSON;
  const parts = model.weightsManifest.flatMap(({ paths }) => paths.map(files));
  return {
    modelTopology: model.modelTopology,
    weightSpecs: model.weightsManifest.flatMap(({ weights }) => weights),
    weightData: Uint8Array.from(Buffer.concat(parts)).buffer,
  };
}
