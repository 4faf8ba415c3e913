import { tf } from '#engine/tensorflow/load.ts';
import { featureModel } from '#training-image/features/feature-model.ts';
import { LEARNING_RATE, labelOf } from '../task.ts';
import { answer, imagesOf, measure, ownTask, teacherOf } from './contender.ts';
import { tfjsVersions } from './tfjs-versions.ts';

// Stock tfjs-layers, on the same TensorFlow as the engine.
const task = ownTask();
const { json, weights } = teacherOf(task);
const model = await tf.loadLayersModel(
  tf.io.fromMemory({
    modelTopology: json.modelTopology,
    weightSpecs: json.weightsManifest[0].weights,
    weightData: weights.buffer,
  }),
);
const { px, batch } = task;
const images = tf.tensor4d(Float32Array.from(imagesOf(task)), [batch, px, px, 3]);
const versions = tfjsVersions();

if (task.workload === 'step') {
  model.compile({
    optimizer: tf.train.adam(LEARNING_RATE),
    loss: (labels: tf.Tensor, logits: tf.Tensor) =>
      tf.losses.softmaxCrossEntropy(labels, logits) as tf.Scalar,
  });
  const labels = Int32Array.from({ length: batch }, (_, i) => labelOf(i));
  const oneHot = tf.oneHot(tf.tensor1d(labels, 'int32'), 1000);
  await measure(task, versions, async () => (await model.trainOnBatch(images, oneHot)) as number);
} else {
  const asked =
    task.workload === 'logits'
      ? model
      : featureModel(model, [{ layer: 'features', grid: 1, size: 1280 }]);
  const once = () =>
    tf.tidy(() => (asked.predictOnBatch(images) as tf.Tensor).dataSync() as Float32Array);
  if (task.workload === 'logits') await answer(task, versions, once());
  else await measure(task, versions, once);
}
