import { describe, expect, it } from 'vitest';
import { newGraph } from '#engine/graph.ts';
import { openSession } from '#engine/session.ts';
import { newTape } from '#engine/tape.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { trainedNetwork } from '#engine/trained-network.ts';
import { chain, network, SIDE, topologyOf } from './networks.ts';
import { plain } from './trainings.ts';

describe('a network in training', () => {
  it('drops something else in each layer', async () => {
    const twice = network((x) =>
      chain(x, [
        tf.layers.flatten(),
        tf.layers.dropout({ rate: 0.5 }),
        tf.layers.dropout({ rate: 0.5 }),
      ]),
    );
    const graph = newGraph();
    const { forward, inputShape } = trainedNetwork(graph, await topologyOf(twice), plain);
    const input = graph.placeholder('input', 'uint8', inputShape);
    const seed = graph.placeholder('seed', 'int32', []);
    const { logits } = forward(newTape(graph), input, seed);
    const session = openSession(graph);

    const [values = new Float32Array()] = session.run(
      [
        { into: input, values: new Uint8Array(5 * SIDE * SIDE * 3), shape: [5, SIDE, SIDE, 3] },
        { into: seed, values: Int32Array.of(1), shape: [] },
      ],
      [logits],
    );

    session.dispose();
    expect(new Set(values)).toEqual(new Set([0, -4])); // of -1, black
    const kept = values.filter((value) => value !== 0).length / values.length;
    expect(Math.abs(kept - 0.25)).toBeLessThan(0.04); // 4 standard errors
  });
});
