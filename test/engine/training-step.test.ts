import { afterEach, describe, expect, it } from 'vitest';
import { at } from '#core/at.ts';
import { tf } from '#engine/tensorflow/load.ts';
import {
  bareAndFullNorms,
  difference,
  SMALL_NETWORKS,
  smallNetwork,
  topologyOf,
} from './networks.ts';
import {
  batch,
  begin,
  crossEntropy,
  endAll,
  expectStepAlong,
  lengthOf,
  plain,
  RESIDUAL,
  stockGradients,
} from './trainings.ts';

afterEach(endAll);

describe('a step', () => {
  const BARE = 'BatchNorms without scale, without center, after a bias, and after no convolution';
  const comparable = Object.keys(SMALL_NETWORKS).filter((name) => name !== BARE);

  it.each(comparable)('follows the gradient of stock tfjs for %s', async (name) => {
    const model = smallNetwork(name);
    const step = begin(await topologyOf(model), plain);
    const { input, labels } = batch(step);
    const stock = stockGradients(model, input, crossEntropy(labels));

    expect([...step.read().weights.keys()].sort()).toEqual([...stock.gradients.keys()].sort());
    expectStepAlong(step, stock, () => {
      const report = step.step({ input, labels }, 1);
      expect(report.gradientNorm / lengthOf(stock.gradients.values())).toBeCloseTo(1, 4);
      return report;
    });
  });

  it('trains BatchNorms without scale or center, which stock tfjs cannot, like full ones', async () => {
    const { bare, full } = bareAndFullNorms();
    const step = begin(await topologyOf(bare), plain);
    const { input, labels } = batch(step);
    const stock = stockGradients(full, input, crossEntropy(labels));

    expect(step.read().weights.has('n4/gamma')).toBe(false);
    expectStepAlong(step, stock, () => step.step({ input, labels }, 1));
  });

  it('weights examples by their class', async () => {
    const model = smallNetwork(RESIDUAL);
    const classWeights = [1, 2, 0.5, 3, 1];
    const step = begin(await topologyOf(model), { ...plain, classWeights });
    const { input, labels } = batch(step);
    const weights = Array.from(labels, (label) => at(classWeights, label));
    const stock = stockGradients(model, input, (logits) => {
      const targets = tf.oneHot(tf.tensor1d(labels, 'int32'), 5).toFloat();
      const losses = targets.mul(tf.logSoftmax(logits)).sum(1).neg();
      return losses.mul(tf.tensor1d(weights)).mean();
    });

    expectStepAlong(step, stock, () => step.step({ input, labels }, 1));
  });

  it('is clipped to the largest norm allowed, and keeps its direction', async () => {
    const topology = await topologyOf(smallNetwork(RESIDUAL));
    const [long, short] = [begin(topology, plain), begin(topology, { ...plain, clipNorm: 0.5 })];
    const before = long.read().weights;

    const { gradientNorm } = long.step(batch(long), 1);
    expect(short.step(batch(short), 1).gradientNorm).toBeCloseTo(gradientNorm, 3);

    expect(gradientNorm).toBeGreaterThan(0.5);
    const after = short.read().weights;
    for (const [name, values] of long.read().weights) {
      const old = before.get(name) ?? expect.unreachable();
      const expected = old.map((each, i) => each + (at(values, i) - each) * (0.5 / gradientNorm));
      expect(difference(after.get(name) ?? [], expected), name).toBeLessThan(1e-5);
    }
  });

  it('is one call to TensorFlow, and leaves no tensor behind', async () => {
    const topology = await topologyOf(smallNetwork(RESIDUAL));
    const backend = tf.backend() as unknown as { binding: Record<string, () => number> };
    const { binding } = backend;
    const calls: string[] = [];
    backend.binding = new Proxy(binding, {
      get(target, name: string) {
        if (['executeOp', 'runSavedModel', 'tensorDataSync'].includes(name)) calls.push(name);
        return target[name];
      },
    });
    const step = begin(topology, plain);
    backend.binding = binding;
    const before = binding.getNumOfTensors?.();
    calls.length = 0;

    step.step(batch(step), 1);

    expect(calls).toEqual(['runSavedModel', 'tensorDataSync']);
    expect(binding.getNumOfTensors?.()).toBe(before);
  });

  it('refuses labels of classes that do not exist, and too few labels', async () => {
    const step = begin(await topologyOf(smallNetwork(RESIDUAL)), plain);
    const { input, labels } = batch(step);

    for (const wrong of [-1, 5]) {
      expect(() => step.step({ input, labels: labels.with(2, wrong) }, 1)).toThrow(
        `class ${wrong}`,
      );
    }
    expect(() => step.step({ input, labels: labels.subarray(1) }, 1)).toThrow('5 labels for 6');
    expect(() => step.step({ input: input.subarray(7), labels }, 1)).toThrow('6 labels');
  });
});
