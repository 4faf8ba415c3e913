import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs';
import { tf } from '#engine/tensorflow/load.ts';
import type { Teacher } from '../features/load-teacher.ts';
import { backboneOf } from '../features/open-backbone.ts';
import type { Head } from '../head/fit-head.ts';
import { CUT } from '../head/scale-features.ts';
import { type Network, networkOf } from './network.ts';

const EPSILON = 1e-3; // Keras' default; what it changes is put right in gamma

/**
 * The teacher's backbone with the new head on it, from pixels 0 to 255, [b, px, px, 3], to logits, [b, classes].
 * The backbone's weights are the teacher's own, to the last bit.
 */
export async function buildStudent(teacher: Teacher, head: Head): Promise<Network> {
  const student = studentModel(teacher, head);
  const network = await networkOf(student);
  const own = new Set(teacher.model.layers);
  for (const layer of student.layers) if (!own.has(layer)) layer.dispose();
  return network;
}

function studentModel({ model, entry }: Teacher, { scaling, kernel, bias }: Head): LayersModel {
  const backbone = backboneOf(model, entry.features.layer);
  const classes = bias.length;
  const d = scaling.mean.length;
  // The head's scaling in stock layers: BatchNorm moves the features by CUT as well, so that ReLU6 is the cut.
  const scale = tf.layers.batchNormalization({ name: 'head_scaling', epsilon: EPSILON });
  const cut = tf.layers.reLU({ name: 'head_cut', maxValue: 2 * CUT });
  const dense = tf.layers.dense({ name: 'head', units: classes, kernelInitializer: 'zeros' });
  const logits = [scale, cut, dense].reduce(
    (at, layer) => layer.apply(at) as SymbolicTensor,
    backbone.outputs[0] as SymbolicTensor,
  );

  tf.tidy(() => {
    const weights = tf.tensor2d(kernel, [d, classes]);
    const moved = weights.sum(0).mul(CUT); // what moving the features by CUT adds to each logit
    const variance = tf.tensor1d(scaling.deviation).square(); // [d]
    const gamma = variance.add(EPSILON).sqrt().div(variance.sqrt()); // [d]
    scale.setWeights([gamma, tf.fill([d], CUT), tf.tensor1d(scaling.mean), variance]);
    dense.setWeights([weights, tf.tensor1d(bias).sub(moved)]);
  });
  return tf.model({ name: 'student', inputs: backbone.inputs, outputs: logits });
}
