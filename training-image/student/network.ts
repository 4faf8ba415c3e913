import type { io, LayersModel } from '@tensorflow/tfjs';
import { readModel } from '#engine/read-model.ts';
import { tf } from '#engine/tensorflow/load.ts';
import type { Values } from '#engine/variables.ts';

/** A network as the files of a layers-model hold it. */
export interface Network {
  modelTopology: NonNullable<io.ModelArtifacts['modelTopology']>;
  weightSpecs: io.WeightsManifestEntry[];
  weights: Uint8Array<ArrayBuffer>; // float32, in the order of the specs
}

export async function networkOf(model: LayersModel): Promise<Network> {
  let network: Network | undefined;
  const handler = tf.io.withSaveHandler(async (artifacts: io.ModelArtifacts) => {
    network = {
      modelTopology: artifacts.modelTopology ?? {},
      weightSpecs: artifacts.weightSpecs ?? [],
      weights: new Uint8Array(artifacts.weightData as ArrayBuffer),
    };
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } };
  });
  await model.save(handler);
  if (!network) throw new Error('tfjs saved no network');
  return network;
}

/** What the engine makes of a network, or what it does not know of it. */
export const readNetwork = ({ modelTopology, weightSpecs, weights }: Network) =>
  readModel({ modelTopology, weightsManifest: [{ weights: weightSpecs }] }, weights);

/**
 * The network with some of its weights exchanged, all others the same to the last bit.
 *
 * @throws Error if it has no such weights
 */
export function exchangeWeights(network: Network, changed: Values): Network {
  const weights = Uint8Array.from(network.weights);
  const floats = new Float32Array(weights.buffer);
  let exchanged = 0;
  let at = 0;
  for (const { name, shape } of network.weightSpecs) {
    const length = shape.reduce((product, size) => product * size, 1);
    const values = changed.get(name);
    if (values) {
      if (values.length !== length) throw new Error(`${name} has ${values.length} values.`);
      floats.set(values, at);
      exchanged += 1;
    }
    at += length;
  }
  if (exchanged !== changed.size) throw new Error('The network lacks some of the weights.');
  return { ...network, weights };
}
