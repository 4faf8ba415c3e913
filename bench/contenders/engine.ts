import { at } from '#core/at.ts';
import { frozenPrefix } from '#engine/frozen-prefix.ts';
import { readModel } from '#engine/read-model.ts';
import { trainingStep } from '#engine/training-step.ts';
import { teacherNamed } from '#teachers/catalogue.ts';
import { LEARNING_RATE, labelOf } from '../task.ts';
import { answer, imagesOf, measure, ownTask, teacherOf } from './contender.ts';
import { tfjsVersions } from './tfjs-versions.ts';

// The engine of this project.
const task = ownTask();
const { json, weights } = teacherOf(task);
const read = readModel(json, weights);
if (!read.ok) throw new Error(JSON.stringify(read.problems));
const topology = read.value;
const entry = teacherNamed('efficientnet-lite0');
if (!entry) throw new Error('efficientnet-lite0 is not in the catalogue');
const images = imagesOf(task);
const versions = tfjsVersions();

if (task.workload === 'step') {
  const { blockOutputs } = entry;
  const step = trainingStep(topology, {
    blockOutputs,
    retrained: blockOutputs.length,
    input: 'images',
    optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0 },
    learningRates: new Array(blockOutputs.length + 1).fill(LEARNING_RATE),
  });
  const labels = Int32Array.from({ length: task.batch }, (_, i) => labelOf(i));
  await measure(task, versions, () => step.step({ input: images, labels }, 1).loss);
} else {
  const layer = task.workload === 'logits' ? topology.output : entry.features.layer;
  const prefix = frozenPrefix(topology, [layer]);
  const once = () => at(prefix.run(images, task.batch), 0);
  if (task.workload === 'logits') await answer(task, versions, once());
  else await measure(task, versions, once);
}
