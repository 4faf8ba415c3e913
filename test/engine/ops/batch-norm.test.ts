import { at } from '#core/at.ts';
import { frozenBatchNorm } from '#engine/ops/batch-norm.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { checkGradients, input, N } from './check-gradient.ts';

checkGradients({
  'BatchNorm in inference mode': {
    shapes: [[N, 4, 5, 6], [6], [6]],
    fixed: [[6], [6]],
    ours: (tape, all) => {
      const [gamma, beta, mean, variance] = [at(all, 1), at(all, 2), at(all, 3), at(all, 4)];
      return frozenBatchNorm(tape, at(all, 0), { gamma, beta, mean, variance }, 1e-3);
    },
    theirs: (all) =>
      tf.batchNorm(
        input(all, 0),
        input<tf.Tensor1D>(all, 3),
        input<tf.Tensor1D>(all, 4),
        input<tf.Tensor1D>(all, 2),
        input<tf.Tensor1D>(all, 1),
        1e-3,
      ),
  },
});
