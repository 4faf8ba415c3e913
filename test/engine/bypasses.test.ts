import { afterEach, describe, expect, it } from 'vitest';
import { at } from '#core/at.ts';
import { frozenPrefix } from '#engine/frozen-prefix.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { cutNetwork, layerOf } from '#engine/topology.ts';
import type { StepSettings } from '#engine/write-step.ts';
import { difference, topologyOf } from './networks.ts';
import {
  adamw,
  batch,
  begin,
  bypasses,
  crossEntropy,
  endAll,
  expectStepAlong,
  gradientDescent,
  N,
  plain,
  stockGradients,
} from './trainings.ts';

afterEach(endAll);

const BLOCK_OUTPUTS = ['first', 'second', 'third'];
const FROZEN_LAYERS = [
  [3, []],
  [2, ['inside', 'norm']],
  [1, ['inside', 'norm', 'second']],
  [0, ['inside', 'norm', 'second', 'depthwise', 'third']],
] as const;

/** What the trained part takes, by the number of retrained blocks. */
const TAKEN = [
  [3, ['pixels']],
  [2, ['inside', 'first', 'first_mean', 'first_grid_flat']],
  [1, ['inside', 'second', 'first_mean', 'first_grid_flat', 'second_grid_flat']],
  [0, ['first_mean', 'first_grid_flat', 'second_grid_flat', 'third_mean']],
] as const;

describe('a network whose head takes the pooled outputs of several blocks', () => {
  it.each(TAKEN)('is cut before the last %i blocks at %j', async (retrained, names) => {
    const { inputs, trained } = cutNetwork(await topologyOf(bypasses()), BLOCK_OUTPUTS, retrained);

    expect(inputs.map(({ name }) => name).sort()).toEqual([...names].sort());
    const ofBlocks = new Map([...trained].map(([{ name }, block]) => [name, block]));
    for (const name of ['scaling', 'head']) expect(ofBlocks.get(name)).toBe(retrained);
    const [second, third] = ['second', 'depthwise'].map((name) => ofBlocks.get(name));
    expect({ second, third }).toEqual({
      second: retrained >= 2 ? retrained - 2 : undefined,
      third: retrained >= 1 ? retrained - 1 : undefined,
    });
  });

  it('may lack the last block, if nothing takes its output', async () => {
    const topology = await topologyOf(bypasses());
    const blocks = [...BLOCK_OUTPUTS, 'fourth'];
    const { inputs, trained } = cutNetwork(topology, blocks, 2);

    expect(inputs).toEqual(cutNetwork(topology, BLOCK_OUTPUTS, 1).inputs);
    expect(trained.get(layerOf(topology, 'depthwise'))).toBe(0);
    expect(trained.get(layerOf(topology, 'head'))).toBe(2);
  });

  it.each(FROZEN_LAYERS)(
    'follows the gradient of stock tfjs with %i blocks retrained',
    async (retrained, frozen) => {
      const model = bypasses();
      const topology = await topologyOf(model);
      for (const name of frozen) model.getLayer(name).trainable = false;
      const step = begin(topology, settings(retrained, 'images'));
      const { input, labels } = batch(step);
      const stock = stockGradients(model, input, crossEntropy(labels));

      expect([...step.read().weights.keys()].sort()).toEqual([...stock.gradients.keys()].sort());
      expectStepAlong(step, stock, () => step.step({ input, labels }, 1));
    },
  );

  it.each([0, 1, 2])(
    'has gradients that agree with finite differences, on activations, with %i blocks retrained',
    async (retrained) => {
      const topology = await topologyOf(bypasses());
      const step = begin(topology, settings(retrained, 'activations'));
      const { inputs } = cutNetwork(topology, BLOCK_OUTPUTS, retrained);
      const { input: images, labels } = batch({ classes: 4 });
      const names = inputs.map(({ name }) => name);
      const prefix = frozenPrefix(topology, names);
      const input = prefix.runInRows(images, N);
      prefix.dispose();
      const before = new Map([...step.read().weights].map(([name, w]) => [name, w.slice()]));
      step.step({ input, labels }, 1);
      const after = step.read().weights;
      const loss = (name: string, i: number, change: number) => {
        const values = before.get(name) ?? expect.unreachable();
        const changed = values.with(i, at(values, i) + change);
        step.assign({ weights: new Map([...before, [name, changed]]) });
        return tf.tidy(() => {
          const logits = tf.tensor2d(step.evaluate(input), [N, step.classes]);
          return at(crossEntropy(labels)(logits).dataSync(), 0);
        });
      };

      for (const [name, values] of before) {
        const i = Math.floor(values.length / 2);
        const slope = (loss(name, i, 1e-2) - loss(name, i, -1e-2)) / 2e-2;
        const gradient = at(values, i) - at(after.get(name) ?? [], i);
        expect(Math.abs(slope - gradient), name).toBeLessThan(2e-3 + 2e-2 * Math.abs(gradient));
      }
    },
  );

  it.each([0, 1, 2])(
    'is trained the same whether its frozen part runs inside or before, with %i blocks retrained',
    async (retrained) => {
      const topology = await topologyOf(bypasses());
      const how = {
        ...adamw,
        ...cut(retrained),
        learningRates: new Array(retrained + 1).fill(0.1),
      };
      const inside = begin(topology, { ...how, input: 'images' });
      const outside = begin(topology, { ...how, input: 'activations' });
      const { inputs } = cutNetwork(topology, BLOCK_OUTPUTS, retrained);
      const prefix = frozenPrefix(
        topology,
        inputs.map(({ name }) => name),
      );

      for (let i = 0; i < 3; i++) {
        const { input, labels } = batch(inside, i + 1);
        const activations = prefix.runInRows(input, N);
        const { loss } = outside.step({ input: activations, labels }, 1);
        expect(inside.step({ input, labels }, 1).loss).toBeCloseTo(loss, 5);
        expect(difference(inside.evaluate(input), outside.evaluate(activations))).toBeLessThan(
          1e-4,
        );
      }
      expect(outside.inputShape).toEqual([prefix.rowSize]);
      prefix.dispose();
    },
  );
});

const cut = (retrained: number) => ({ blockOutputs: BLOCK_OUTPUTS, retrained });

function settings(retrained: number, input: StepSettings['input']): StepSettings {
  return { ...plain, ...cut(retrained), ...gradientDescent(1, retrained + 1), input };
}
