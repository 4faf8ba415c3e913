import { describe, expect, it } from 'vitest';
import { at } from '#core/at.ts';
import { newGraph } from '#engine/graph.ts';
import { relu, relu6, softmax } from '#engine/ops/activation.ts';
import { openSession } from '#engine/session.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { difference, randomFloats } from '../networks.ts';
import { checkGradients, input, N } from './check-gradient.ts';

checkGradients({
  ReLU: {
    shapes: [[N, 4, 5]],
    ours: (tape, all) => relu(tape, at(all, 0)),
    theirs: (all) => tf.relu(input(all, 0)),
  },
  ReLU6: {
    shapes: [[N, 4, 5]],
    spread: 12,
    ours: (tape, all) => relu6(tape, at(all, 0)),
    theirs: (all) => tf.relu6(input(all, 0)),
  },
});

describe('softmax', () => {
  it('is that of stock tfjs', () => {
    const graph = newGraph();
    const x = graph.placeholder('x', 'float32', [-1, 5]);
    const y = softmax(graph, x);
    const session = openSession(graph);
    const values = randomFloats(N * 5);

    const found = at(session.run([{ into: x, values, shape: [N, 5] }], [y]), 0);

    expect(difference(found, tf.softmax(tf.tensor2d(values, [N, 5])).dataSync())).toBeLessThan(
      1e-6,
    );
    session.dispose();
  });
});
