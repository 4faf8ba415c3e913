import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs';
import type { Head } from '../head/fit-head.ts';
import type { Teacher } from '../teacher/load-teacher.ts';
import { tf } from '../tensorflow/load.ts';

/**
 * The teacher's trunk with the new head on it, from pixels 0 to 255, [b, px, px, 3], to logits, [b, classes].
 * The trunk's weights are the teacher's own: nothing here can change them.
 */
export function buildStudent({ trunk }: Teacher, { kernel, bias }: Head): LayersModel {
  const classes = bias.length;
  const dense = tf.layers.dense({ name: 'head', units: classes, kernelInitializer: 'zeros' });
  const logits = dense.apply(trunk.outputs) as SymbolicTensor;
  tf.tidy(() => {
    dense.setWeights([tf.tensor2d(kernel, [kernel.length / classes, classes]), tf.tensor1d(bias)]);
  });
  return tf.model({ name: 'student', inputs: trunk.inputs, outputs: logits });
}
