import type { io, LayersModel } from '@tensorflow/tfjs';
import { readModel } from './read-model.ts';
import { tf } from './tensorflow/load.ts';
import type { Topology } from './topology.ts';
import type { Values } from './variables.ts';

/** A network as in the files of a tfjs layers-model. */
export interface LayersNetwork {
  modelTopology: NonNullable<io.ModelArtifacts['modelTopology']>;
  weightSpecs: io.WeightsManifestEntry[];
  weights: Uint8Array<ArrayBuffer>; // float32, in the order of the specs
}

export async function networkOf(model: LayersModel): Promise<LayersNetwork> {
  let network: LayersNetwork | undefined;
  const handler = tf.io.withSaveHandler(async (artifacts: io.ModelArtifacts) => {
    network = {
      modelTopology: artifacts.modelTopology ?? {},
      weightSpecs: artifacts.weightSpecs ?? [],
      weights: new Uint8Array(artifacts.weightData as ArrayBuffer),
    };
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } };
  });
  await model.save(handler);
  if (!network) throw new Error('tfjs saved no network.');
  return network;
}

/** The network as the engine reads it; `undefined` if it has layers that the engine does not support. */
export function topologyOf({
  modelTopology,
  weightSpecs,
  weights,
}: LayersNetwork): Topology | undefined {
  const json = { modelTopology, weightsManifest: [{ weights: weightSpecs }] };
  const read = readModel(json, weights);
  return read.ok ? read.value : undefined;
}

/**
 * Like `topologyOf`, for networks whose layers are known to be supported.
 *
 * @throws Error if they are not
 */
export function requireTopology(network: LayersNetwork): Topology {
  const topology = topologyOf(network);
  if (!topology) throw new Error('The engine does not support all layers of the network.');
  return topology;
}

/**
 * The network with some of its weights replaced; all others stay bit-identical.
 *
 * @throws Error if it does not have such weights
 */
export function replaceWeights(network: LayersNetwork, replacements: Values): LayersNetwork {
  const weights = Uint8Array.from(network.weights);
  const floats = new Float32Array(weights.buffer);
  let replaced = 0;
  let offset = 0;
  for (const { name, shape } of network.weightSpecs) {
    const length = shape.reduce((product, size) => product * size, 1);
    const values = replacements.get(name);
    if (values) {
      if (values.length !== length)
        throw new Error(`${name} has ${length} values, not ${values.length}.`);
      floats.set(values, offset);
      replaced += 1;
    }
    offset += length;
  }
  if (replaced !== replacements.size) {
    throw new Error(`The network has ${replaced} of the ${replacements.size} weights to replace.`);
  }
  return { ...network, weights };
}
