import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs';
import { type LayersNetwork, networkOf } from '#engine/network.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { featureModel } from '../features/feature-model.ts';
import type { PooledLayer } from '../features/feature-sets.ts';
import type { Teacher } from '../features/load-teacher.ts';
import type { Head } from '../head/head.ts';
import { CLIP } from '../head/scale-features.ts';

const EPSILON = 1e-3; // Keras' default; gamma compensates for its effect

/**
 * Puts a head on the teacher's backbone: pixels 0 to 255, [b, px, px, 3] → logits, [b, classes].
 * The backbone's weights are bit-identical to the teacher's.
 *
 * @param layers the pooled layers that the head was fitted on, in the order of its features
 */
export async function buildStudent(
  teacher: Teacher,
  layers: readonly PooledLayer[],
  head: Head,
): Promise<LayersNetwork> {
  const student = studentModel(featureModel(teacher.model, layers), head);
  const network = await networkOf(student);
  const shared = new Set(teacher.model.layers);
  for (const layer of student.layers) if (!shared.has(layer)) layer.dispose();
  return network;
}

function studentModel(backbone: LayersModel, { scaling, kernel, bias }: Head): LayersModel {
  const classes = bias.length;
  const d = scaling.mean.length;
  // The head's scaling in stock layers: BatchNorm also shifts the features by CLIP, so that ReLU6 clips them. The last
  // layer shifts them back: fine-tuning works on centred features.
  const scale = tf.layers.batchNormalization({ name: 'head_scaling', epsilon: EPSILON });
  const clip = tf.layers.reLU({ name: 'head_clip', maxValue: 2 * CLIP });
  const centre = tf.layers.rescaling({ name: 'head_centring', scale: 1, offset: -CLIP });
  const dense = tf.layers.dense({ name: 'head', units: classes, kernelInitializer: 'zeros' });
  const logits = [scale, clip, centre, dense].reduce(
    (output, layer) => layer.apply(output) as SymbolicTensor,
    backbone.outputs[0] as SymbolicTensor,
  );

  tf.tidy(() => {
    const variance = tf.tensor1d(scaling.deviation).square(); // [d]
    const gamma = variance.add(EPSILON).sqrt().div(variance.sqrt()); // [d]
    scale.setWeights([gamma, tf.fill([d], CLIP), tf.tensor1d(scaling.mean), variance]);
    dense.setWeights([tf.tensor2d(kernel, [d, classes]), tf.tensor1d(bias)]);
  });
  return tf.model({ name: 'student', inputs: backbone.inputs, outputs: logits });
}
