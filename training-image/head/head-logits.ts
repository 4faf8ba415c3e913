import { tf } from '#engine/tensorflow/load.ts';
import type { Head } from './fit-head.ts';
import { type Features, inBlocks } from './labelled-features.ts';
import { scaled } from './scale-features.ts';

/** @returns what a head says of examples: logits [n, classes] row by row */
export async function headLogits(
  { scaling, kernel, bias }: Head,
  all: Features,
): Promise<Float32Array> {
  const { n, d } = all;
  const classes = bias.length;
  const logits = new Float32Array(n * classes);
  for await (const { from, features } of inBlocks(all)) {
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
