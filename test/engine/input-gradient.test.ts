import { describe, expect, it } from 'vitest';
import { at } from '#core/at.ts';
import { inputGradient } from '#engine/input-gradient.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { difference, randomFloats, SIDE, topologyOf } from './networks.ts';
import { N, threeParts } from './trainings.ts';

const LABELS = Int32Array.of(0, 1, 2, 3, 0, 1);

describe('the input gradient', () => {
  it('is that of stock tfjs, separately for each image, at fractional pixels', async () => {
    const model = threeParts();
    const images = randomFloats(N * SIDE * SIDE * 3).map((each) => 127.5 * (each + 1));
    const ours = inputGradient(await topologyOf(model));

    const { losses, gradient } = ours.run(images, LABELS);

    const stock = tf.valueAndGrad((x) => {
      const logits = model.apply(x, { training: false }) as tf.Tensor2D;
      const targets = tf.oneHot(tf.tensor1d(LABELS, 'int32'), 4).toFloat();
      return targets.mul(tf.logSoftmax(logits)).sum().neg() as tf.Scalar;
    })(tf.tensor4d(images, [N, SIDE, SIDE, 3]));
    const expected = stock.grad.dataSync() as Float32Array;
    const largest = expected.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
    const sum = losses.reduce((total, each) => total + each, 0);
    expect(sum).toBeCloseTo(at(stock.value.dataSync(), 0), 3);
    expect(largest).toBeGreaterThan(0);
    expect(difference(gradient, expected) / largest).toBeLessThan(1e-4);
    ours.dispose();
  });

  it('refuses labels that do not fit the images', async () => {
    const ours = inputGradient(await topologyOf(threeParts()));
    const images = new Float32Array(N * SIDE * SIDE * 3);

    expect(() => ours.run(images, LABELS.subarray(1))).toThrow('5 labels for 6');
    expect(() => ours.run(images, LABELS.with(0, 4))).toThrow('class 4');
    ours.dispose();
  });
});
