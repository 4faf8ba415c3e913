import { afterEach, describe, expect, it } from 'vitest';
import { tf } from '#engine/tensorflow/load.ts';
import {
  bareAndFullNorms,
  difference,
  randomFloats,
  SIDE,
  SMALL_NETWORKS,
  smallNetwork,
  topologyOf,
} from './networks.ts';
import {
  adamw,
  batch,
  begin,
  crossEntropy,
  endAll,
  expectStepAlong,
  lengthOf,
  MOBILENET,
  N,
  plain,
  RESIDUAL,
  stockGradients,
  threeParts,
} from './trainings.ts';

afterEach(endAll);

describe('a step', () => {
  const BARE = 'BatchNorms without scale, without centre, after a bias, and after no convolution';
  const comparable = Object.keys(SMALL_NETWORKS).filter(
    (name) => name !== MOBILENET && name !== BARE,
  );

  it.each(comparable)('goes along the gradient of stock tfjs for %s', async (name) => {
    const model = smallNetwork(name);
    const step = begin(await topologyOf(model), plain);
    const { input, labels } = batch(step);
    const stock = stockGradients(model, input, crossEntropy(labels));

    expect([...step.read().weights.keys()].sort()).toEqual([...stock.gradients.keys()].sort());
    expectStepAlong(step, stock, () => {
      const report = step.step({ input, labels }, 1, 0);
      expect(report.gradientNorm / lengthOf(stock.gradients.values())).toBeCloseTo(1, 4);
      return report;
    });
  });

  it('trains BatchNorms that stock tfjs cannot train, as it trains full ones', async () => {
    const { bare, full } = bareAndFullNorms();
    const step = begin(await topologyOf(bare), plain);
    const { input, labels } = batch(step);
    const stock = stockGradients(full, input, crossEntropy(labels));

    expect(step.read().weights.has('n4/gamma')).toBe(false);
    expectStepAlong(step, stock, () => step.step({ input, labels }, 1, 0));
  });

  it('uses the statistics of the batch where averages are learnt, and moves the averages', async () => {
    const model = smallNetwork(RESIDUAL);
    const step = begin(await topologyOf(model), { ...plain, averages: 'learnt' });
    const { input, labels } = batch(step);
    const before = step.read().weights;
    const stock = stockGradients(model, input, crossEntropy(labels), true); // moves its averages, too

    step.step({ input, labels }, 1, 0);

    const after = step.read().weights;
    const scale = Math.max(1, lengthOf(stock.gradients.values()));
    for (const [name, gradient] of stock.gradients) {
      const change = gradient.map(
        (_, i) => (before.get(name)?.[i] ?? 0) - (after.get(name)?.[i] ?? 0),
      );
      expect(difference(change, gradient) / scale, name).toBeLessThan(1e-4);
    }
    const averages = model.nonTrainableWeights.map(
      (each) => [each.originalName, each.read()] as const,
    );
    expect(averages).toHaveLength(6);
    for (const [name, average] of averages) {
      const old = before.get(name) ?? expect.unreachable();
      const pictures = N * SIDE * SIDE;
      const bessel = name.endsWith('variance') ? pictures / (pictures - 1) : 1;
      const expected = [...average.dataSync()].map((moved, i) => {
        const kept = 0.99 * (old[i] ?? 0);
        return kept + (moved - kept) * bessel; // TensorFlow takes the unbiased variance, stock tfjs the other
      });
      expect(difference(after.get(name) ?? [], expected) / 100, name).toBeLessThan(1e-5);
    }
  });

  it('counts examples by their importance and their class, and softens labels', async () => {
    const model = smallNetwork(RESIDUAL);
    const classWeights = [1, 2, 0.5, 3, 1];
    const step = begin(await topologyOf(model), { ...plain, classWeights, labelSmoothing: 0.2 });
    const { input, labels } = batch(step);
    const importance = Float32Array.of(1, 0, 2, 1, 0.5, 3);
    const stock = stockGradients(model, input, (logits) => {
      const targets = tf
        .oneHot(tf.tensor1d(labels, 'int32'), 5)
        .toFloat()
        .mul(0.8)
        .add(0.2 / 5);
      const losses = targets.mul(tf.logSoftmax(logits)).sum(1).neg();
      const counted = importance.map((each, i) => each * (classWeights[labels[i] ?? 0] ?? 0));
      return losses
        .mul(tf.tensor1d(counted))
        .sum()
        .div(tf.sum(tf.tensor1d(importance)));
    });

    expectStepAlong(step, stock, () => step.step({ input, labels, importance }, 1, 0));
  });

  it('is not changed by examples of no importance, and none of importance changes nothing', async () => {
    const topology = await topologyOf(smallNetwork(RESIDUAL));
    const [whole, part] = [begin(topology, plain), begin(topology, plain)];
    const { input, labels } = batch(whole);
    const importance = Float32Array.of(1, 1, 1, 0, 0, 0);

    const filled = whole.step({ input, labels, importance }, 1, 0);
    const half = { input: input.subarray(0, input.length / 2), labels: labels.subarray(0, 3) };
    const alone = part.step(half, 1, 0);

    expect(filled.loss).toBeCloseTo(alone.loss, 5);
    for (const [name, values] of whole.read().weights) {
      expect(difference(values, part.read().weights.get(name) ?? []), name).toBeLessThan(1e-4);
    }
    const before = whole.read().weights;
    expect(whole.step({ input, labels, importance: new Float32Array(N) }, 1, 0).loss).toBe(0);
    expect(whole.read().weights).toEqual(before);
  });

  it('is no longer than allowed, and keeps its direction', async () => {
    const topology = await topologyOf(smallNetwork(RESIDUAL));
    const [long, short] = [
      begin(topology, plain),
      begin(topology, { ...plain, longestGradient: 0.5 }),
    ];
    const before = long.read().weights;

    const { gradientNorm } = long.step(batch(long), 1, 0);
    expect(short.step(batch(short), 1, 0).gradientNorm).toBeCloseTo(gradientNorm, 3);

    expect(gradientNorm).toBeGreaterThan(0.5);
    const after = short.read().weights;
    for (const [name, values] of long.read().weights) {
      const old = before.get(name) ?? expect.unreachable();
      const expected = old.map(
        (each, i) => each + ((values[i] ?? 0) - each) * (0.5 / gradientNorm),
      );
      expect(difference(after.get(name) ?? [], expected), name).toBeLessThan(1e-5);
    }
  });

  it('takes one call of TensorFlow, and leaves no tensor behind', async () => {
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

    step.step(batch(step), 1, 0);

    expect(calls).toEqual(['runSavedModel', 'tensorDataSync']);
    expect(binding.getNumOfTensors?.()).toBe(before);
  });

  it('refuses labels that are none, and too few of them', async () => {
    const step = begin(await topologyOf(smallNetwork(RESIDUAL)), plain);
    const { input, labels } = batch(step);

    for (const wrong of [-1, 5]) {
      expect(() => step.step({ input, labels: labels.with(2, wrong) }, 1, 0)).toThrow(
        `class ${wrong}`,
      );
    }
    expect(() => step.step({ input, labels: labels.subarray(1) }, 1, 0)).toThrow('5 labels for 6');
    expect(() => step.step({ input: input.subarray(7), labels }, 1, 0)).toThrow('6 labels');
  });
});

describe('the gradient of an input', () => {
  it('is that of stock tfjs, for every example its own, at pixels between whole numbers', async () => {
    const model = threeParts();
    const step = begin(await topologyOf(model), { ...adamw, retrained: 1 });
    const { labels } = batch(step);
    const input = randomFloats(N * SIDE * SIDE * 3).map((each) => 127.5 * (each + 1));

    const { losses, gradient } = step.inputGradient(input, labels);

    const stock = tf.valueAndGrad((x) => {
      const logits = model.apply(x, { training: false }) as tf.Tensor2D;
      return tf.losses.softmaxCrossEntropy(
        tf.oneHot(tf.tensor1d(labels, 'int32'), 4),
        logits,
        undefined,
        0,
        tf.Reduction.SUM,
      ) as tf.Scalar;
    })(tf.tensor4d(input, [N, SIDE, SIDE, 3]));
    const expected = stock.grad.dataSync() as Float32Array;
    const largest = expected.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
    expect(losses.reduce((sum, each) => sum + each, 0)).toBeCloseTo(
      stock.value.dataSync()[0] ?? 0,
      3,
    );
    expect(largest).toBeGreaterThan(0);
    expect(difference(gradient, expected) / largest).toBeLessThan(1e-4);
  });
});
