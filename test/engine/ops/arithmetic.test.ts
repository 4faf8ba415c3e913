import { at } from '#core/at.ts';
import {
  add,
  biasAdd,
  matMul,
  multiply,
  rescale,
  scaleChannels,
  subtract,
} from '#engine/ops/arithmetic.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { checkGradients, input, N } from './check-gradient.ts';

checkGradients({
  'a sum': {
    shapes: [
      [N, 4],
      [N, 4],
    ],
    ours: (tape, all) => add(tape, at(all, 0), at(all, 1)),
    theirs: (all) => tf.add(input(all, 0), input(all, 1)),
  },
  'the sum of a tensor with itself': {
    shapes: [[N, 4]],
    ours: (tape, all) => add(tape, at(all, 0), add(tape, at(all, 0), at(all, 0))),
    theirs: (all) => tf.mul(input(all, 0), 3),
  },
  'a difference': {
    shapes: [
      [N, 4],
      [N, 4],
    ],
    ours: (tape, all) => subtract(tape, at(all, 0), at(all, 1)),
    theirs: (all) => tf.sub(input(all, 0), input(all, 1)),
  },
  'a product': {
    shapes: [
      [N, 4],
      [N, 4],
    ],
    ours: (tape, all) => multiply(tape, at(all, 0), at(all, 1)),
    theirs: (all) => tf.mul(input(all, 0), input(all, 1)),
  },
  'a scale and an offset': {
    shapes: [[N, 4]],
    ours: (tape, all) => rescale(tape, at(all, 0), 0.3, -2),
    theirs: (all) => tf.add(tf.mul(input(all, 0), 0.3), -2),
  },
  'a matrix product': {
    shapes: [
      [N, 4],
      [4, 5],
    ],
    ours: (tape, all) => matMul(tape, at(all, 0), at(all, 1)),
    theirs: (all) => tf.matMul(input(all, 0), input(all, 1)),
  },
  'a bias': {
    shapes: [[N, 4, 5, 6], [6]],
    ours: (tape, all) => biasAdd(tape, at(all, 0), at(all, 1)),
    theirs: (all) => tf.add(input(all, 0), input(all, 1)),
  },
  'a factor for each channel of a kernel': {
    shapes: [[3, 3, 4, 5], [5]],
    ours: (tape, all) => scaleChannels(tape, at(all, 0), at(all, 1)),
    theirs: (all) => tf.mul(input(all, 0), input(all, 1)),
  },
  'a factor for each channel of a depthwise kernel': {
    shapes: [[3, 3, 4, 2], [8]],
    ours: (tape, all) => scaleChannels(tape, at(all, 0), at(all, 1)),
    theirs: (all) => tf.mul(input(all, 0), tf.reshape(input(all, 1), [4, 2])),
  },
});
