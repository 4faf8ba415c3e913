import { at } from '#core/at.ts';
import { frozenPrefix } from '#engine/frozen-prefix.ts';
import { sizeOf } from '#engine/graph.ts';
import {
  type LayersNetwork,
  replaceWeights,
  requireTopology,
  topologyOf,
} from '#engine/network.ts';
import type { Topology } from '#engine/topology.ts';
import type { Values } from '#engine/variables.ts';
import { type FeatureSet, layersOf } from '../features/feature-sets.ts';
import type { Teacher } from '../features/load-teacher.ts';
import { IMAGES_AT_ONCE } from '../features/open-backbone.ts';
import { type Head, headLogits } from '../head/head.ts';
import { featuresOf } from '../head/labelled-features.ts';
import type { Reporter, StopSignal } from '../job/reporter.ts';
import type { FloatRows, RowFile } from '../storage/row-file.ts';
import { buildStudent } from './build-student.ts';

/** A student that has been trained but not saved. */
export interface TrainedStudent {
  network: LayersNetwork;
  topology: Topology | undefined; // `undefined` if the engine does not support some of its layers
  trainedParameters: number;
  /** @returns the logits of examples by their indices, [n, classes] */
  predict(indices: Int32Array): Promise<Float32Array>;
  dispose(): void;
}

/**
 * The unchanged backbone with a head.
 *
 * @param features of all examples
 */
export async function headStudent(
  teacher: Teacher,
  set: FeatureSet,
  head: Head,
  features: FloatRows,
): Promise<TrainedStudent> {
  const network = await buildStudent(teacher, layersOf(set), head);
  return {
    network,
    topology: topologyOf(network),
    trainedParameters: head.kernel.length + head.bias.length + 2 * features.d,
    predict: (indices) => headLogits(head, featuresOf(features, indices)),
    dispose: () => undefined,
  };
}

/**
 * A fine-tuned network.
 *
 * @param start the network that fine-tuning started from
 * @param weights those that it changed
 * @param decoded uint8 [px, px, 3] per example, of all examples
 */
export function fineTunedStudent(
  start: LayersNetwork,
  weights: Values,
  decoded: RowFile,
  report: Reporter,
  stop: StopSignal,
): TrainedStudent {
  const network = replaceWeights(start, weights);
  const topology = requireTopology(network);
  const whole = frozenPrefix(topology, [topology.output]);
  const classes = sizeOf(at(whole.shapes, 0));

  async function predict(indices: Int32Array): Promise<Float32Array> {
    const logits = new Float32Array(indices.length * classes);
    for (let from = 0; from < indices.length; from += IMAGES_AT_ONCE) {
      stop.throwIfRequested();
      report.progress('evaluate', from, indices.length);
      const batch = indices.subarray(from, from + IMAGES_AT_ONCE);
      logits.set(at(whole.run(await decoded.pick(batch), batch.length), 0), from * classes);
    }
    return logits;
  }

  return {
    network,
    topology,
    trainedParameters: [...weights.values()].reduce((sum, { length }) => sum + length, 0),
    predict,
    dispose: whole.dispose,
  };
}
