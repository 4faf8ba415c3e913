import { afterEach, describe, expect, it } from 'vitest';
import { at } from '#core/at.ts';
import { frozenPrefix } from '#engine/frozen-prefix.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { trainingStep } from '#engine/training-step.ts';
import { difference, smallNetwork, topologyOf } from './networks.ts';
import {
  adamw,
  BLOCK_OUTPUTS,
  batch,
  begin,
  crossEntropy,
  endAll,
  N,
  plain,
  RESIDUAL,
  stockGradients,
  take,
  threeParts,
} from './trainings.ts';

afterEach(endAll);

describe('a training', () => {
  it('has variables for trained layers only', async () => {
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
        1 + model.layers.findIndex(({ name }) => name === BLOCK_OUTPUTS[1 - retrained]),
      );
      take(step, [0, 1, 2]);
      const { weights } = step.read();

      for (const layer of frozen) {
        for (const { originalName } of layer.weights) expect(weights.has(originalName)).toBe(false);
      }
      const changed = { ...topology, weights: new Map([...topology.weights, ...weights]) };
      const student = frozenPrefix(changed, ['head']);
      const logits = at(student.run(images, N), 0);
      expect(difference(step.evaluate(images), logits)).toBeLessThan(1e-4);
      student.dispose();
    }
  });

  it('is the same whether the frozen blocks run inside or before it', async () => {
    const topology = await topologyOf(threeParts());
    const settings = { ...adamw, input: 'activations' } as const;
    const [inside, outside] = [begin(topology, adamw), begin(topology, settings)];
    const prefix = frozenPrefix(topology, ['first']);

    for (let i = 0; i < 3; i++) {
      const { input, labels } = batch(inside, i + 1);
      const activations = at(prefix.run(input, N), 0);
      const { loss } = outside.step({ input: activations, labels }, 1);
      expect(inside.step({ input, labels }, 1).loss).toBeCloseTo(loss, 5);
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

    step.step(batch(step), 0);
    expect(step.read().weights).toEqual(before); // at a rate of 0
    step.step(batch(step), 1);

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

  it('follows AdamW with decoupled decay, computed independently', async () => {
    const model = smallNetwork(RESIDUAL);
    const { optimizer } = adamw;
    const step = begin(await topologyOf(model), { ...plain, optimizer, learningRates: [0.01] });
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
      step.step({ input, labels }, 1 / t);
    }

    const { weights, optimizer: memory } = step.read();
    for (const weight of model.trainableWeights) {
      const ours = weights.get(weight.originalName) ?? [];
      expect(difference(ours, weight.read().dataSync()), weight.originalName).toBeLessThan(1e-4);
    }
    expect(memory.get('steps')).toEqual(Float32Array.of(5));
  });

  it('resumes from a checkpoint as if it had never stopped', async () => {
    const topology = await topologyOf(threeParts());
    const through = begin(topology, adamw);
    const stopped = begin(topology, adamw);
    take(through, [0, 1, 2, 3]);
    take(stopped, [0, 1]);

    const resumed = begin(topology, adamw);
    resumed.assign(stopped.read());
    take(resumed, [2, 3]);

    expect(resumed.read()).toEqual(through.read()); // to the last bit
  });

  it('is the same to the last bit when it is repeated', async () => {
    const topology = await topologyOf(threeParts());
    const [first, again] = [begin(topology, adamw), begin(topology, adamw)];

    expect(take(first, [0, 1, 2])).toEqual(take(again, [0, 1, 2]));
    expect(first.read()).toEqual(again.read());
  });

  it('lowers the loss', async () => {
    const settings = { ...adamw, retrained: 2, learningRates: [0.05, 0.05, 0.05] };
    const step = begin(await topologyOf(threeParts()), settings);
    const one = batch(step);

    const before = step.step(one, 1).loss;
    for (let i = 0; i < 50; i++) step.step(one, 1);

    expect(step.step(one, 1).loss).toBeLessThan(before / 2);
  });

  it('assigns weights and optimizer state by name, all of them or none', async () => {
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
    ).toThrow('no weight x');
    expect(() =>
      step.assign({ weights: new Map([...weights].map(([name]) => [name, new Float32Array(1)])) }),
    ).toThrow('values');
    expect(step.read().weights).toEqual(weights);
  });

  it('refuses blocks that do not exist, and too few learning rates', async () => {
    const topology = await topologyOf(smallNetwork(RESIDUAL));

    expect(() => trainingStep(topology, { ...plain, retrained: 1 })).toThrow('0 blocks');
    expect(() => trainingStep(topology, { ...plain, blockOutputs: ['x'] })).toThrow('no layer "x"');
    expect(() => trainingStep(topology, { ...plain, learningRates: [] })).toThrow('learning rate');
  });
});
