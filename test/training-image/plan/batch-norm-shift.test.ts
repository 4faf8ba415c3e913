import { describe, expect, it } from 'vitest';
import { tf } from '#engine/tensorflow/load.ts';
import { batchNormShift, SHIFT_IMAGES } from '#training-image/plan/batch-norm-shift.ts';
import { chain, topologyOf } from '../../engine/networks.ts';
import { randomBytes } from '../../random.ts';

const SIDE = 8;
const images = randomBytes(SHIFT_IMAGES * SIDE * SIDE * 3);
const rows = images.length / 3;

/** The mean and variance of each channel of the images. */
const statistics = [0, 1, 2].map((channel) => {
  const values = [...images].filter((_, i) => i % 3 === channel);
  const mean = values.reduce((a, b) => a + b, 0) / rows;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows };
});

/** Three blocks of one BatchNorm each, which pass on what they get. */
async function threeBlocks(
  moving: (block: number, channel: number) => { mean: number; variance: number },
) {
  const input = tf.input({ shape: [SIDE, SIDE, 3] });
  const norms = [1, 2, 3].map((block) =>
    tf.layers.batchNormalization({ name: `block${block}`, epsilon: 1e-6 }),
  );
  const model = tf.model({
    inputs: input,
    outputs: chain(input, [
      ...norms,
      tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }),
    ]),
  });
  for (const [block, norm] of norms.entries()) {
    const each = [0, 1, 2].map((channel) => moving(block, channel));
    const variances = each.map(({ variance }) => variance);
    const means = each.map(({ mean }) => mean);
    // gamma and beta undo the normalisation: every block gets the images
    const gamma = variances.map((variance) => Math.sqrt(variance + 1e-6));
    norm.setWeights([gamma, means, means, variances].map((values) => tf.tensor1d(values)));
  }
  return topologyOf(model);
}

const BLOCKS = ['block1', 'block2', 'block3'];
const asStored = (_: number, channel: number) => statistics[channel] ?? { mean: 0, variance: 1 };

describe('batchNormShift', () => {
  it('is 0 for images like those the teacher was trained on', async () => {
    const { perBlock, inputLevelShift } = batchNormShift(
      await threeBlocks(asStored),
      BLOCKS,
      images,
    );

    for (const divergence of perBlock) expect(Math.abs(divergence)).toBeLessThan(1e-4);
    expect(inputLevelShift).toBe(false);
  });

  it('is the divergence of two normal distributions, for the block where they differ', async () => {
    const topology = await threeBlocks((block, channel) => {
      const { mean, variance } = asStored(block, channel);
      return block === 0 ? { mean: mean + 10, variance: variance / 2 } : { mean, variance };
    });

    const { perBlock, layers, inputLevelShift } = batchNormShift(topology, BLOCKS, images);

    const expected =
      statistics.reduce(
        (sum, { variance }) => sum + 100 / (variance / 2) + 2 - 1 - Math.log(2),
        0,
      ) / 6;
    expect(perBlock[0]).toBeCloseTo(expected, 4);
    expect(perBlock[1]).toBeCloseTo(0, 3);
    expect(inputLevelShift).toBe(true);
    expect(layers.map(({ layer }) => layer)).toEqual(BLOCKS);
  });

  it('is finite for images of one colour', async () => {
    const { perBlock } = batchNormShift(
      await threeBlocks(asStored),
      BLOCKS,
      images.map(() => 128),
    );

    for (const divergence of perBlock) expect(divergence).toBeGreaterThan(1);
    expect(perBlock.every(Number.isFinite)).toBe(true);
  });

  it('looks at the first images only', async () => {
    const topology = await threeBlocks(asStored);
    const more = new Uint8Array(2 * images.length);
    more.set(images);

    expect(batchNormShift(topology, BLOCKS, more)).toEqual(
      batchNormShift(topology, BLOCKS, images),
    );
  });
});
