import { describe, expect, it } from 'vitest';
import { at } from '#core/at.ts';
import { batchNormMoments } from '#engine/batch-norm-moments.ts';
import { frozenPrefix } from '#engine/frozen-prefix.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { weightOf } from '#engine/topology.ts';
import { randomBytes } from '../random.ts';
import {
  chain,
  SIDE,
  SMALL_NETWORKS,
  shuffleWeights,
  smallNetwork,
  topologyOf,
} from './networks.ts';

const N = 4;

/** Mean and mean square of each channel of x, [rows, c], after standardisation by the moving statistics. */
function momentsOf(x: Float32Array, mean: Float32Array, variance: Float32Array, epsilon: number) {
  const c = mean.length;
  const sums = Array.from({ length: c }, () => [0, 0] as [number, number]);
  for (const [i, value] of x.entries()) {
    const z = (value - at(mean, i % c)) / Math.sqrt(at(variance, i % c) + epsilon);
    const sum = at(sums, i % c);
    sum[0] += z;
    sum[1] += z * z;
  }
  return sums.map((sum) => sum.map((each) => (each * c) / x.length));
}

describe('batchNormMoments', () => {
  it.each(
    Object.keys(SMALL_NETWORKS).filter(
      (name) => name.includes('BatchNorm') || name.includes('residual'),
    ),
  )('gives the moments of what goes into each BatchNorm of %s', async (name) => {
    const topology = await topologyOf(smallNetwork(name));
    const images = randomBytes(N * SIDE * SIDE * 3);

    const network = batchNormMoments(topology);
    const moments = network.run(images, N);
    network.dispose();

    const norms = [...topology.layers.values()].filter(
      (each) => each.operation.kind === 'batch-norm',
    );
    expect(moments.map(({ layer }) => layer)).toEqual(norms.map((norm) => norm.name));
    for (const [i, norm] of norms.entries()) {
      const input = frozenPrefix(topology, [at(norm.inputs, 0)]);
      const [x = new Float32Array()] = input.run(images, N);
      input.dispose();
      const expected = momentsOf(
        x,
        weightOf(topology, norm, 'moving_mean'),
        weightOf(topology, norm, 'moving_variance'),
        norm.operation.kind === 'batch-norm' ? norm.operation.epsilon : 0,
      );
      const { mean, meanSquare } = at(moments, i);
      for (const [channel, [first, second]] of expected.entries()) {
        expect(at(mean, channel)).toBeCloseTo(first ?? 0, 3);
        expect(at(meanSquare, channel) / (second ?? 0)).toBeCloseTo(1, 4);
      }
    }
  });

  it('takes every second row and column of 24 × 24 positions', async () => {
    const input = tf.input({ shape: [24, 24, 1] });
    const model = tf.model({
      inputs: input,
      outputs: chain(input, [
        tf.layers.batchNormalization(),
        tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }),
      ]),
    });
    shuffleWeights(model);
    const topology = await topologyOf(model);
    const images = randomBytes(24 * 24);
    const ignored = images.map((value, i) =>
      i % 2 === 1 || Math.floor(i / 24) % 2 === 1 ? 0 : value,
    );

    const network = batchNormMoments(topology);

    expect(network.run(ignored, 1)).toEqual(network.run(images, 1));
    expect(
      network.run(
        images.map((value) => value / 2),
        1,
      ),
    ).not.toEqual(network.run(images, 1));
    network.dispose();
  });
});
