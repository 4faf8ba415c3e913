import { at } from '#core/at.ts';
import { multiply, rescale } from '#engine/ops/arithmetic.ts';
import { concatenate, reshape, split } from '#engine/ops/shape.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { checkGradients, input, N } from './check-gradient.ts';

checkGradients({
  'another shape': {
    shapes: [[N, 4, 5]],
    ours: (tape, all) => reshape(tape, at(all, 0), [-1, 2, 10]),
    theirs: (all) => tf.reshape(input(all, 0), [N, 2, 10]),
  },
  'a concatenation of images': {
    shapes: [
      [N, 3, 4, 2],
      [N, 3, 4, 5],
      [N, 3, 4, 1],
    ],
    ours: (tape, all) => concatenate(tape, all),
    theirs: (all) => tf.concat([...all], -1),
  },
  'a concatenation of vectors': {
    shapes: [[3], [4]],
    ours: (tape, all) => concatenate(tape, all),
    theirs: (all) => tf.concat([...all], 0),
  },
  'a tensor concatenated with itself': {
    shapes: [[N, 3]],
    ours: (tape, all) => concatenate(tape, [at(all, 0), at(all, 0)]),
    theirs: (all) => tf.concat([input(all, 0), input(all, 0)], -1),
  },
  'a concatenation of a single tensor': {
    shapes: [[N, 3]],
    ours: (tape, all) => rescale(tape, concatenate(tape, all), 2, 0),
    theirs: (all) => tf.mul(input(all, 0), 2),
  },
  'the only piece of a split': {
    shapes: [[N, 3]],
    ours: (tape, all) => rescale(tape, at(split(tape, at(all, 0), [3]), 0), 2, 0),
    theirs: (all) => tf.mul(input(all, 0), 2),
  },
  'a piece of a split': {
    shapes: [[N, 7]],
    ours: (tape, all) => at(split(tape, at(all, 0), [2, 4, 1]), 1),
    theirs: (all) => at(tf.split(input(all, 0), [2, 4, 1], -1), 1),
  },
  'a product of two pieces': {
    shapes: [[N, 6]],
    ours: (tape, all) => {
      const pieces = split(tape, at(all, 0), [3, 3]);
      return multiply(tape, at(pieces, 0), at(pieces, 1));
    },
    theirs: (all) => {
      const pieces = tf.split(input(all, 0), 2, -1);
      return tf.mul(at(pieces, 0), at(pieces, 1));
    },
  },
});
