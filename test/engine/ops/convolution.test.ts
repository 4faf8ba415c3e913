import { at } from '#core/at.ts';
import { conv2d, depthwiseConv2d } from '#engine/ops/convolution.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { checkGradients, input, N } from './check-gradient.ts';

checkGradients({
  'a convolution with a bias, same, stride 2': {
    shapes: [[N, 7, 6, 2], [3, 3, 2, 4], [4]],
    ours: (tape, all) =>
      conv2d(
        tape,
        at(all, 0),
        { kernel: at(all, 1), bias: at(all, 2) },
        { strides: [2, 2], padding: 'SAME' },
        [-1, 4, 3, 4],
      ),
    theirs: (all) =>
      tf
        .conv2d(input<tf.Tensor4D>(all, 0), input<tf.Tensor4D>(all, 1), 2, 'same')
        .add(input(all, 2)),
  },
  'a convolution, valid, stride 1': {
    shapes: [
      [N, 7, 6, 2],
      [2, 3, 2, 4],
    ],
    ours: (tape, all) =>
      conv2d(
        tape,
        at(all, 0),
        { kernel: at(all, 1) },
        { strides: [1, 1], padding: 'VALID' },
        [-1, 6, 4, 4],
      ),
    theirs: (all) => tf.conv2d(input<tf.Tensor4D>(all, 0), input<tf.Tensor4D>(all, 1), 1, 'valid'),
  },
  'a depthwise convolution with a bias, same, stride 2': {
    shapes: [[N, 6, 7, 4], [3, 5, 4, 2], [8]],
    ours: (tape, all) =>
      depthwiseConv2d(
        tape,
        at(all, 0),
        { kernel: at(all, 1), bias: at(all, 2) },
        { strides: [2, 2], padding: 'SAME' },
        [-1, 3, 4, 8],
      ),
    theirs: (all) =>
      tf
        .depthwiseConv2d(input<tf.Tensor4D>(all, 0), input<tf.Tensor4D>(all, 1), 2, 'same')
        .add(input(all, 2)),
  },
  'a depthwise convolution, valid, stride 1': {
    shapes: [
      [N, 6, 7, 3],
      [5, 2, 3, 1],
    ],
    ours: (tape, all) =>
      depthwiseConv2d(
        tape,
        at(all, 0),
        { kernel: at(all, 1) },
        { strides: [1, 1], padding: 'VALID' },
        [-1, 2, 6, 3],
      ),
    theirs: (all) =>
      tf.depthwiseConv2d(input<tf.Tensor4D>(all, 0), input<tf.Tensor4D>(all, 1), 1, 'valid'),
  },
});
