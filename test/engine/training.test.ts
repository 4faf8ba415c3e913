import { afterEach, describe, expect, it } from 'vitest';
import { frozenPrefix } from '#engine/frozen-prefix.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { withWeights } from '#engine/topology.ts';
import { trainingStep } from '#engine/training-step.ts';
import { difference, smallNetwork, topologyOf } from './networks.ts';
import {
  adamw,
  BLOCKS,
  batch,
  begin,
  crossEntropy,
  endAll,
  N,
  pixels,
  plain,
  RESIDUAL,
  stockGradients,
  take,
  threeParts,
} from './trainings.ts';

afterEach(endAll);

describe('a training', () => {
  it('has variables for what is trained and for nothing else', async () => {
    const model = threeParts();
    const topology = await topologyOf(model);
    const images = batch({ classes: 4 }).input;

    for (const [retrained, parts] of [
      [0, 1],
      [1, 2],
      [2, 3],
    ] as const) {
      const settings = { ...adamw, retrained, learningRates: new Array(parts).fill(0.1) };
      const step = begin(topology, settings);
      const frozen = model.layers.slice(
        0,
        1 + model.layers.findIndex(({ name }) => name === BLOCKS[1 - retrained]),
      );
      take(step, [0, 1, 2]);
      const { weights } = step.read();

      for (const layer of frozen) {
        for (const { originalName } of layer.weights) expect(weights.has(originalName)).toBe(false);
      }
      const student = frozenPrefix(withWeights(topology, weights), [{ layer: 'head' }]);
      const [logits = []] = student.run(images, N);
      expect(difference(step.evaluate(images), logits)).toBeLessThan(1e-4);
      student.dispose();
    }
  });

  it('is the same whether the frozen blocks run in it or before it', async () => {
    const topology = await topologyOf(threeParts());
    const settings = { ...adamw, input: 'activations' } as const;
    const [inside, outside] = [begin(topology, adamw), begin(topology, settings)];
    const prefix = frozenPrefix(topology, [{ layer: 'first' }]);

    for (let i = 0; i < 3; i++) {
      const { input, labels } = batch(inside, i + 1);
      const [activations = new Float32Array()] = prefix.run(input, N);
      const { loss } = outside.step({ input: activations, labels }, 1, i);
      expect(inside.step({ input, labels }, 1, i).loss).toBeCloseTo(loss, 5);
      expect(difference(inside.evaluate(input), outside.evaluate(activations))).toBeLessThan(1e-4);
    }
    expect(outside.inputShape).toEqual(prefix.shapes[0]);
    prefix.dispose();
  });

  it('gives every block its own learning rate', async () => {
    const topology = await topologyOf(threeParts());
    const settings = { ...adamw, retrained: 2, learningRates: [0.1, 0, 0.2] };
    const step = begin(topology, settings);
    const before = step.read().weights;

    step.step(batch(step), 0, 0);
    expect(step.read().weights).toEqual(before); // no rate at all
    step.step(batch(step), 1, 0);

    const after = step.read().weights;
    const largest = (name: string) => difference(before.get(name) ?? [], after.get(name) ?? []);
    const byBlock = [/^conv2d.*kernel|normalization.*1\/beta/, /^depthwise.*kernel/, /^head\/bias/];
    const [first = 0, second = 0, head = 0] = byBlock.map((pattern) =>
      Math.max(...[...before.keys()].filter((name) => pattern.test(name)).map(largest)),
    );
    expect(second).toBe(0);
    expect(first).toBeGreaterThan(0.05);
    expect(head).toBeGreaterThan(0.15);
  });

  it('goes as AdamW does with decoupled decay, computed apart', async () => {
    const model = smallNetwork(RESIDUAL);
    const { optimizer } = adamw;
    const step = begin(await topologyOf(model), { ...plain, optimizer, learningRates: [0.01] });
    if (optimizer.kind !== 'adamw') return expect.unreachable();
    const { beta1, beta2, epsilon, weightDecay } = optimizer;
    const moments = new Map<string, { m: Float64Array; v: Float64Array }>();

    for (let t = 1; t <= 5; t++) {
      const { input, labels } = batch(step, t);
      const rate = 0.01 / t;
      const { gradients } = stockGradients(model, input, crossEntropy(labels));
      for (const weight of model.trainableWeights) {
        const gradient = gradients.get(weight.originalName) ?? expect.unreachable();
        const empty = () => new Float64Array(gradient.length);
        const { m, v } = moments.get(weight.originalName) ?? { m: empty(), v: empty() };
        moments.set(weight.originalName, { m, v });
        const decay = weight.originalName.endsWith('kernel') ? rate * weightDecay : 0;
        const next = [...weight.read().dataSync()].map((value, i) => {
          const g = gradient[i] ?? 0;
          m[i] = beta1 * (m[i] ?? 0) + (1 - beta1) * g;
          v[i] = beta2 * (v[i] ?? 0) + (1 - beta2) * g * g;
          const size = (rate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
          return value * (1 - decay) - (size * (m[i] ?? 0)) / (Math.sqrt(v[i] ?? 0) + epsilon);
        });
        weight.write(tf.tensor(next, weight.shape as number[]));
      }
      step.step({ input, labels }, 1 / t, 0);
    }

    const { weights, optimizer: memory } = step.read();
    for (const weight of model.trainableWeights) {
      const ours = weights.get(weight.originalName) ?? [];
      expect(difference(ours, weight.read().dataSync()), weight.originalName).toBeLessThan(1e-4);
    }
    expect(memory.get('steps')).toEqual(Float32Array.of(5));
  });

  it('goes as gradient descent does with momentum', async () => {
    const model = smallNetwork(RESIDUAL);
    const topology = await topologyOf(model);
    const momentum = { kind: 'sgd', momentum: 0.9, weightDecay: 0 } as const;
    const step = begin(topology, { ...plain, optimizer: momentum, learningRates: [1e-3] });
    const stock = tf.train.momentum(1e-3, 0.9);

    for (let t = 1; t <= 5; t++) {
      const { input, labels } = batch(step, t);
      stock.minimize(() =>
        crossEntropy(labels)(model.apply(pixels(input), { training: false }) as tf.Tensor2D),
      );
      step.step({ input, labels }, 1, 0);
    }

    const { weights } = step.read();
    for (const weight of model.trainableWeights) {
      const expected = weight.read().dataSync();
      expect(difference(weights.get(weight.originalName) ?? [], expected)).toBeLessThan(1e-4);
    }
  });

  it.each(['frozen', 'learnt'] as const)(
    'goes on from a checkpoint as if it had not been stopped, averages %s',
    async (averages) => {
      const topology = await topologyOf(threeParts());
      const settings = { ...adamw, averages };
      const through = begin(topology, settings);
      const stopped = begin(topology, settings);
      take(through, [0, 1, 2, 3]);
      take(stopped, [0, 1]);

      const resumed = begin(topology, settings);
      resumed.assign(stopped.read());
      take(resumed, [2, 3]);

      expect(resumed.read()).toEqual(through.read()); // to the last bit
    },
  );

  it('is the same to the last bit when it is done again, and another with other seeds', async () => {
    const topology = await topologyOf(threeParts());
    const [first, again, other] = [
      begin(topology, adamw),
      begin(topology, adamw),
      begin(topology, adamw),
    ];

    expect(take(first, [0, 1, 2])).toEqual(take(again, [0, 1, 2]));
    expect(first.read()).toEqual(again.read());
    other.step(batch(other, 1), 1, 7);
    expect(other.read()).not.toEqual(first.read());
  });

  it('lowers the loss', async () => {
    const settings = { ...adamw, retrained: 2, learningRates: [0.05, 0.05, 0.05] };
    const step = begin(await topologyOf(threeParts()), settings);
    const { input, labels } = batch(step);
    const lossNow = () => {
      const { losses } = step.inputGradient(Float32Array.from(input), labels); // without dropout
      return losses.reduce((sum, each) => sum + each, 0);
    };

    const before = lossNow();
    for (let i = 0; i < 50; i++) step.step({ input, labels }, 1, i);

    expect(lossNow()).toBeLessThan(before / 2);
  });

  it('takes over weights and memory by their names, all of them or none', async () => {
    const step = begin(await topologyOf(threeParts()), adamw);
    take(step, [0, 1]);
    const { weights, optimizer } = step.read();

    step.assign({
      optimizer: new Map([...optimizer].map(([name, values]) => [name, values.fill(0)])),
    });
    expect(step.read().weights).toEqual(weights);
    expect(step.read().optimizer.get('steps')).toEqual(Float32Array.of(0));
    expect(() => step.assign({ weights: new Map([...weights].slice(1)) })).toThrow('has none');
    expect(() =>
      step.assign({ weights: new Map([...weights, ['x', new Float32Array(1)]]) }),
    ).toThrow('no x');
    expect(() =>
      step.assign({ weights: new Map([...weights].map(([name]) => [name, new Float32Array(1)])) }),
    ).toThrow('values');
    expect(step.read().weights).toEqual(weights);
  });

  it('refuses to cut where there is a way around, and blocks that are not there', async () => {
    const topology = await topologyOf(smallNetwork('a BatchNorm whose convolution is read twice'));
    const norm = [...topology.layers.values()].find(({ operation }) => operation.kind === 'norm');

    const around = { ...plain, blocks: [norm?.name ?? ''] };
    expect(() => trainingStep(topology, around)).toThrow('which lies before the cut');
    expect(() => trainingStep(topology, { ...plain, retrained: 1 })).toThrow('0 blocks');
    expect(() => trainingStep(topology, { ...plain, blocks: ['x'] })).toThrow('no layer "x"');
    expect(() => trainingStep(topology, { ...plain, learningRates: [] })).toThrow('learning rate');
  });
});
