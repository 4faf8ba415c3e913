import { at } from '#core/at.ts';
import { softmaxCrossEntropy } from '#engine/ops/loss.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { checkGradients, input, N } from './check-gradient.ts';

const LABELS = [0, 3, 1, 4, 4, 2, 0, 1, 3];

checkGradients({
  'the cross-entropy of softmax': {
    shapes: [[N, 5]],
    ours: (tape, all) =>
      softmaxCrossEntropy(tape, at(all, 0), tape.graph.constant(Int32Array.from(LABELS), [N])),
    theirs: (all) => {
      const targets = tf.oneHot(LABELS, 5).toFloat();
      return tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(input(all, 0))), -1));
    },
  },
  'the cross-entropy of softmax with smoothed labels': {
    shapes: [[N, 5]],
    ours: (tape, all) => {
      const labels = tape.graph.constant(Int32Array.from(LABELS), [N]);
      return softmaxCrossEntropy(tape, at(all, 0), labels, 0.1);
    },
    theirs: (all) => {
      const targets = tf
        .oneHot(LABELS, 5)
        .toFloat()
        .mul(0.9)
        .add(0.1 / 5);
      return tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(input(all, 0))), -1));
    },
  },
});
