import { tf } from '../tensorflow/load.ts';
import type { Head } from './fit-head.ts';
import { inBlocks, type Labelled } from './labelled.ts';
import { scaled } from './scale-features.ts';

/** @returns what a head says of examples: logits [n, classes] row by row */
export async function headLogits(
  { scaling, kernel, bias }: Head,
  examples: Labelled,
): Promise<Float32Array> {
  const { d, labels } = examples;
  const classes = bias.length;
  const logits = new Float32Array(labels.length * classes);
  for await (const { from, features } of inBlocks(examples)) {
    const x = scaled(features, scaling);
    const some = tf.tidy(() =>
      tf
        .tensor2d(x, [x.length / d, d])
        .matMul(tf.tensor2d(kernel, [d, classes]))
        .add(tf.tensor1d(bias))
        .dataSync(),
    );
    logits.set(some, from * classes);
  }
  return logits;
}
