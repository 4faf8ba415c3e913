import { frozenPrefix } from '#engine/frozen-prefix.ts';
import { sizeOf } from '#engine/graph.ts';
import type { Topology } from '#engine/topology.ts';
import type { Values } from '#engine/variables.ts';
import type { Answers } from '../evaluate/predictions.ts';
import type { FeatureRows } from '../features/feature-rows.ts';
import type { Teacher } from '../features/load-teacher.ts';
import { IMAGES_AT_ONCE } from '../features/open-backbone.ts';
import type { FittedHead } from '../head/fit-head.ts';
import { headLogits } from '../head/head-logits.ts';
import { featuresOf, type Labelled } from '../head/labelled-features.ts';
import type { Tell } from '../job/reporter.ts';
import type { PackedRows } from '../storage/row-file.ts';
import { buildStudent } from './build-student.ts';
import { exchangeWeights, type Network, readNetwork } from './network.ts';

/** A student that is trained, and not written yet. */
export interface TrainedStudent {
  network: Network;
  topology: Topology | undefined; // none: the engine does not know some of the layers
  trainedParameters: number;
  /** @returns the logits of examples by their numbers, [n, classes] */
  ask(examples: Int32Array): Promise<Float32Array>;
  validation: Answers; // as of a student that has not been fitted on them
  dispose(): void;
}

/** The teacher's backbone as it is, with the head that was fitted last. */
export async function headStudent(
  teacher: Teacher,
  { head, beforeRefit }: FittedHead,
  features: FeatureRows,
  validation: Labelled,
): Promise<TrainedStudent> {
  const network = await buildStudent(teacher, head);
  const read = readNetwork(network);
  const d = teacher.entry.features.size;
  return {
    network,
    topology: read.ok ? read.value : undefined,
    trainedParameters: head.kernel.length + head.bias.length + 2 * d,
    ask: (examples) => headLogits(head, featuresOf(features, examples)),
    validation: {
      logits: await headLogits(beforeRefit, validation),
      labels: validation.labels,
    },
    dispose: () => undefined,
  };
}

/**
 * A network with what was retrained of it.
 *
 * @param start the network as it was before
 * @param decoded the images of all examples
 * @param validation the numbers of its examples, and their labels
 */
export async function tunedStudent(
  start: Network,
  weights: Values,
  decoded: PackedRows,
  validation: { rows: Int32Array; labels: Int32Array },
  tell: Tell,
): Promise<TrainedStudent> {
  const network = exchangeWeights(start, weights);
  const read = readNetwork(network);
  if (!read.ok) throw new Error('the engine has trained what it cannot read');
  const topology = read.value;
  const whole = frozenPrefix(topology, [topology.output]);
  const classes = sizeOf(whole.shapes[0] ?? []);

  async function ask(examples: Int32Array): Promise<Float32Array> {
    const logits = new Float32Array(examples.length * classes);
    for (let from = 0; from < examples.length; from += IMAGES_AT_ONCE) {
      tell.progress('evaluate', from, examples.length);
      const some = examples.subarray(from, from + IMAGES_AT_ONCE);
      const [answers = []] = whole.run(await decoded.pick(some), some.length);
      logits.set(answers, from * classes);
    }
    return logits;
  }

  return {
    network,
    topology,
    trainedParameters: [...weights.values()].reduce((sum, { length }) => sum + length, 0),
    ask,
    validation: { logits: await ask(validation.rows), labels: validation.labels },
    dispose: whole.dispose,
  };
}
