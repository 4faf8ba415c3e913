import { at } from '#core/at.ts';
import { averagePool, globalAverage } from '#engine/ops/pooling.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { checkGradients, input, N } from './check-gradient.ts';

checkGradients({
  'average pooling': {
    shapes: [[N, 7, 6, 2]],
    ours: (tape, all) =>
      averagePool(
        tape,
        at(all, 0),
        { size: [3, 2], strides: [2, 1], padding: 'SAME' },
        [-1, 4, 6, 2],
      ),
    theirs: (all) => tf.avgPool(input<tf.Tensor4D>(all, 0), [3, 2], [2, 1], 'same'),
  },
  'global average pooling': {
    shapes: [[N, 4, 5, 6]],
    ours: (tape, all) => globalAverage(tape, at(all, 0)),
    theirs: (all) => tf.mean(input(all, 0), [1, 2]),
  },
});
