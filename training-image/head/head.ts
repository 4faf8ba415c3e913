import { tf } from '#engine/tensorflow/load.ts';
import { type Features, inBlocks } from './labelled-features.ts';
import { type Scaling, scaled } from './scale-features.ts';

/** The student's classifier, two layers: logits = scaled(features) · kernel + bias. */
export interface Head {
  scaling: Scaling;
  kernel: Float32Array; // [d, classes] row by row
  bias: Float32Array; // [classes]
}

/** @returns the head's logits, [n, classes] row by row */
export async function headLogits(
  { scaling, kernel, bias }: Head,
  all: Features,
): Promise<Float32Array> {
  const { n, d } = all;
  const classes = bias.length;
  const logits = new Float32Array(n * classes);
  for await (const { from, features } of inBlocks(all)) {
    const x = scaled(features, scaling); // [block, d]
    const block = tf.tidy(() =>
      tf
        .tensor2d(x, [x.length / d, d])
        .matMul(tf.tensor2d(kernel, [d, classes]))
        .add(tf.tensor1d(bias))
        .dataSync(),
    );
    logits.set(block, from * classes);
  }
  return logits;
}
