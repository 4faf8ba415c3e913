import { describe, expect, it } from 'vitest';
import { type GraphTensor, newGraph, type Shape } from '#engine/graph.ts';
import { add } from '#engine/rules/add.ts';
import { averagePool } from '#engine/rules/average-pool.ts';
import { frozenBatchNorm, trainingBatchNorm } from '#engine/rules/batch-norm.ts';
import { batchNormInParts } from '#engine/rules/batch-norm-in-parts.ts';
import { biasAdd } from '#engine/rules/bias-add.ts';
import { conv2d, depthwiseConv2d } from '#engine/rules/convolution.ts';
import { dropout } from '#engine/rules/dropout.ts';
import { globalAverage } from '#engine/rules/global-average.ts';
import { globalMax } from '#engine/rules/global-max.ts';
import { matMul } from '#engine/rules/mat-mul.ts';
import { maxPool } from '#engine/rules/max-pool.ts';
import { multiply } from '#engine/rules/multiply.ts';
import { relu, relu6 } from '#engine/rules/relu.ts';
import { rescale } from '#engine/rules/rescale.ts';
import { reshape } from '#engine/rules/reshape.ts';
import { scaleChannels } from '#engine/rules/scale-channels.ts';
import { softmax } from '#engine/rules/softmax.ts';
import { softmaxCrossEntropy } from '#engine/rules/softmax-cross-entropy.ts';
import { subtract } from '#engine/rules/subtract.ts';
import { zeroPadding } from '#engine/rules/zero-padding.ts';
import { openSession } from '#engine/session.ts';
import { newTape, type Tape } from '#engine/tape.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { difference, randomFloats } from './networks.ts';

interface Case {
  /** of the inputs; the first size of x is left open in the graph, as the number of examples is */
  shapes: Shape[];
  ours: (tape: Tape, inputs: GraphTensor[]) => GraphTensor;
  theirs: (inputs: tf.Tensor[]) => tf.Tensor;
  /** inputs without a gradient, after the others */
  fixed?: Shape[];
  spread?: number; // inputs lie between -spread and spread; 1 if left out
}

const N = 8; // examples; no other size is like it

const CASES: Record<string, Case> = {
  'a convolution with a bias, same, stride 2': {
    shapes: [[N, 7, 6, 2], [3, 3, 2, 4], [4]],
    ours: (tape, [x, kernel, bias]) =>
      conv2d(
        tape,
        x as GraphTensor,
        { kernel: kernel as GraphTensor, bias },
        { strides: [2, 2], padding: 'SAME' },
        [-1, 4, 3, 4],
      ),
    theirs: (all) =>
      tf.conv2d(of(all, 0) as tf.Tensor4D, of(all, 1) as tf.Tensor4D, 2, 'same').add(of(all, 2)),
  },
  'a convolution, valid, stride 1': {
    shapes: [
      [N, 7, 6, 2],
      [2, 3, 2, 4],
    ],
    ours: (tape, all) =>
      conv2d(
        tape,
        at(all, 0),
        { kernel: at(all, 1) },
        { strides: [1, 1], padding: 'VALID' },
        [-1, 6, 4, 4],
      ),
    theirs: (all) => tf.conv2d(of(all, 0) as tf.Tensor4D, of(all, 1) as tf.Tensor4D, 1, 'valid'),
  },
  'a depthwise convolution with a bias, same, stride 2': {
    shapes: [[N, 6, 7, 4], [3, 5, 4, 2], [8]],
    ours: (tape, [x, kernel, bias]) =>
      depthwiseConv2d(
        tape,
        x as GraphTensor,
        { kernel: kernel as GraphTensor, bias },
        { strides: [2, 2], padding: 'SAME' },
        [-1, 3, 4, 8],
      ),
    theirs: (all) =>
      tf
        .depthwiseConv2d(of(all, 0) as tf.Tensor4D, of(all, 1) as tf.Tensor4D, 2, 'same')
        .add(of(all, 2)),
  },
  'a depthwise convolution, valid, stride 1': {
    shapes: [
      [N, 6, 7, 3],
      [5, 2, 3, 1],
    ],
    ours: (tape, all) =>
      depthwiseConv2d(
        tape,
        at(all, 0),
        { kernel: at(all, 1) },
        { strides: [1, 1], padding: 'VALID' },
        [-1, 2, 6, 3],
      ),
    theirs: (all) =>
      tf.depthwiseConv2d(of(all, 0) as tf.Tensor4D, of(all, 1) as tf.Tensor4D, 1, 'valid'),
  },
  'a bias': {
    shapes: [[N, 4, 5, 6], [6]],
    ours: (tape, all) => biasAdd(tape, at(all, 0), at(all, 1)),
    theirs: (all) => tf.add(of(all, 0), of(all, 1)),
  },
  'a rectifier': {
    shapes: [[N, 4, 5]],
    ours: (tape, all) => relu(tape, at(all, 0)),
    theirs: (all) => tf.relu(of(all, 0)),
  },
  'a rectifier cut at 6': {
    shapes: [[N, 4, 5]],
    spread: 12,
    ours: (tape, all) => relu6(tape, at(all, 0)),
    theirs: (all) => tf.relu6(of(all, 0)),
  },
  softmax: {
    shapes: [[N, 5]],
    ours: (tape, all) => softmax(tape, at(all, 0)),
    theirs: (all) => tf.softmax(of(all, 0)),
  },
  'a sum': {
    shapes: [
      [N, 4],
      [N, 4],
    ],
    ours: (tape, all) => add(tape, at(all, 0), at(all, 1)),
    theirs: (all) => tf.add(of(all, 0), of(all, 1)),
  },
  'a sum of something with itself': {
    shapes: [[N, 4]],
    ours: (tape, all) => add(tape, at(all, 0), add(tape, at(all, 0), at(all, 0))),
    theirs: (all) => tf.mul(of(all, 0), 3),
  },
  'a difference': {
    shapes: [
      [N, 4],
      [N, 4],
    ],
    ours: (tape, all) => subtract(tape, at(all, 0), at(all, 1)),
    theirs: (all) => tf.sub(of(all, 0), of(all, 1)),
  },
  'a product': {
    shapes: [
      [N, 4],
      [N, 4],
    ],
    ours: (tape, all) => multiply(tape, at(all, 0), at(all, 1)),
    theirs: (all) => tf.mul(of(all, 0), of(all, 1)),
  },
  'a matrix': {
    shapes: [
      [N, 4],
      [4, 5],
    ],
    ours: (tape, all) => matMul(tape, at(all, 0), at(all, 1)),
    theirs: (all) => tf.matMul(of(all, 0), of(all, 1)),
  },
  'two numbers': {
    shapes: [[N, 4]],
    ours: (tape, all) => rescale(tape, at(all, 0), 0.3, -2),
    theirs: (all) => tf.add(tf.mul(of(all, 0), 0.3), -2),
  },
  'zeros around': {
    shapes: [[N, 4, 5, 2]],
    ours: (tape, all) =>
      zeroPadding(tape, at(all, 0), { top: 1, bottom: 0, left: 2, right: 3 }, [-1, 5, 10, 2]),
    theirs: (all) =>
      tf.pad(of(all, 0), [
        [0, 0],
        [1, 0],
        [2, 3],
        [0, 0],
      ]),
  },
  'another shape': {
    shapes: [[N, 4, 5]],
    ours: (tape, all) => reshape(tape, at(all, 0), [-1, 2, 10]),
    theirs: (all) => tf.reshape(of(all, 0), [N, 2, 10]),
  },
  'the largest of a window': {
    shapes: [[N, 7, 6, 2]],
    ours: (tape, all) =>
      maxPool(tape, at(all, 0), { size: [3, 3], strides: [2, 2], padding: 'SAME' }, [-1, 4, 3, 2]),
    theirs: (all) => tf.maxPool(of(all, 0) as tf.Tensor4D, 3, 2, 'same'),
  },
  'the mean of a window': {
    shapes: [[N, 7, 6, 2]],
    ours: (tape, all) =>
      averagePool(
        tape,
        at(all, 0),
        { size: [3, 2], strides: [2, 1], padding: 'SAME' },
        [-1, 4, 6, 2],
      ),
    theirs: (all) => tf.avgPool(of(all, 0) as tf.Tensor4D, [3, 2], [2, 1], 'same'),
  },
  'the mean of a picture': {
    shapes: [[N, 4, 5, 6]],
    ours: (tape, all) => globalAverage(tape, at(all, 0)),
    theirs: (all) => tf.mean(of(all, 0), [1, 2]),
  },
  'the largest of a picture': {
    shapes: [[N, 4, 5, 6]],
    ours: (tape, all) => globalMax(tape, at(all, 0)),
    theirs: (all) => tf.max(of(all, 0), [1, 2]),
  },
  'BatchNorm with fixed averages': {
    shapes: [[N, 4, 5, 6], [6], [6]],
    fixed: [[6], [6]],
    ours: (tape, all) => frozenBatchNorm(tape, at(all, 0), normWeights(all), 1e-3),
    theirs: ([x, gamma, beta, mean, variance]) =>
      tf.batchNorm(
        x as tf.Tensor,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        beta as tf.Tensor1D,
        gamma as tf.Tensor1D,
        1e-3,
      ),
  },
  'BatchNorm with the statistics of the batch': {
    shapes: [[N, 4, 5, 6], [6], [6]],
    fixed: [[6], [6]],
    ours: (tape, all) => trainingBatchNorm(tape, at(all, 0), normWeights(all), 1e-3, 0.9).y,
    theirs: batchNorm,
  },
  'BatchNorm with the statistics of the batch, in parts': {
    shapes: [[N, 4, 5, 6], [6], [6]],
    fixed: [[6], [6]],
    ours: (tape, all) => batchNormInParts(tape, at(all, 0), normWeights(all), 1e-3, 0.9).y,
    theirs: batchNorm,
  },
  'a number for each channel of a kernel': {
    shapes: [[3, 3, 4, 5], [5]],
    ours: (tape, all) => scaleChannels(tape, at(all, 0), at(all, 1)),
    theirs: (all) => tf.mul(of(all, 0), of(all, 1)),
  },
  'a number for each channel of a depthwise kernel': {
    shapes: [[3, 3, 4, 2], [8]],
    ours: (tape, all) => scaleChannels(tape, at(all, 0), at(all, 1)),
    theirs: (all) => tf.mul(of(all, 0), tf.reshape(of(all, 1), [4, 2])),
  },
  'the surprise at the true classes': {
    shapes: [[N, 5]],
    ours: (tape, all) => softmaxCrossEntropy(tape, at(all, 0), labelsIn(tape), 0),
    theirs: (all) => surprise(of(all, 0), 0),
  },
  'the surprise at smoothed classes': {
    shapes: [[N, 5]],
    ours: (tape, all) => softmaxCrossEntropy(tape, at(all, 0), labelsIn(tape), 0.1),
    theirs: (all) => surprise(of(all, 0), 0.1),
  },
};

const at = (inputs: readonly GraphTensor[], index: number) => inputs[index] as GraphTensor;
const of = (inputs: readonly tf.Tensor[], index: number) => inputs[index] as tf.Tensor;

const normWeights = (all: readonly GraphTensor[]) => ({
  gamma: at(all, 1),
  beta: at(all, 2),
  mean: at(all, 3),
  variance: at(all, 4),
});

/** With the statistics of the batch. */
function batchNorm([x, gamma, beta]: readonly tf.Tensor[]): tf.Tensor {
  const { mean, variance } = tf.moments(x as tf.Tensor, [0, 1, 2]);
  return tf.batchNorm(
    x as tf.Tensor,
    mean,
    variance,
    beta as tf.Tensor1D,
    gamma as tf.Tensor1D,
    1e-3,
  );
}

const LABELS = [0, 3, 1, 4, 4, 2, 0, 1];
const labelsIn = ({ graph }: Tape) => graph.constant(Int32Array.from(LABELS), [N]);

function surprise(logits: tf.Tensor, smoothing: number): tf.Tensor {
  const targets = tf
    .oneHot(LABELS, 5)
    .toFloat()
    .mul(1 - smoothing)
    .add(smoothing / 5);
  return tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), -1));
}

/** Random numbers for the inputs of a case; the fixed ones are positive, as variances have to be. */
function draw({ shapes, fixed = [], spread = 1 }: Case): Float32Array[] {
  const sizes = [...shapes, ...fixed].map((shape) => tf.util.sizeFromShape([...shape]));
  return sizes.map((size, i) =>
    randomFloats(size, i + 1).map((each) => (i < shapes.length ? spread * each : 1 + each / 2)),
  );
}

/** One case as a graph: its output y, and the gradients of the sum of y * weights. */
function open({ shapes, fixed = [], ours }: Case) {
  const graph = newGraph();
  const tape = newTape(graph);
  const all = [...shapes, ...fixed];
  const isOpen = shapes[0]?.[0] === N;
  const inputs = all.map((shape, i) =>
    graph.placeholder(`x${i}`, 'float32', i === 0 && isOpen ? [-1, ...shape.slice(1)] : shape),
  );
  for (const input of inputs.slice(0, shapes.length)) tape.watch(input);
  const y = ours(tape, inputs);
  const weights = graph.placeholder('weights', 'float32', y.shape);
  // A session returns no placeholder, and some gradients are nothing but what is given.
  const seed = graph.add('Identity', [weights], { T: { type: 'float32' } }, y.shape);
  const gradients = tape.gradients(y, seed, inputs.slice(0, shapes.length));
  const session = openSession(graph);
  const feeds = (values: readonly Float32Array[]) =>
    inputs.map((into, i) => ({
      into,
      values: values[i] ?? new Float32Array(),
      shape: all[i] ?? [],
    }));

  return {
    y: (values: readonly Float32Array[]) =>
      session.run(feeds(values), [y])[0] ?? new Float32Array(),
    gradients(values: readonly Float32Array[], seed: Float32Array) {
      const shape = y.shape.map((size) => (size === -1 ? N : size));
      return session.run([...feeds(values), { into: weights, values: seed, shape }], gradients);
    },
    dispose: session.dispose,
  };
}

describe.each(Object.entries(CASES))('the gradient of %s', (_, each) => {
  it('is that of stock tfjs', () => {
    const values = draw(each);
    const rule = open(each);
    const shapes = [...each.shapes, ...(each.fixed ?? [])];
    const tensors = values.map((value, i) => tf.tensor(value, [...(shapes[i] ?? [])]));
    const expected = each.theirs(tensors);
    const seed = randomFloats(expected.size, 99);
    const fixed = tensors.slice(each.shapes.length);
    const gradients = tf.grads((...inputs: tf.Tensor[]) => each.theirs([...inputs, ...fixed]))(
      tensors.slice(0, each.shapes.length),
      tf.tensor(seed, expected.shape),
    );

    expect(difference(rule.y(values), expected.dataSync())).toBeLessThan(1e-4);
    for (const [i, ours] of rule.gradients(values, seed).entries()) {
      expect(difference(ours, gradients[i]?.dataSync() ?? [])).toBeLessThan(1e-4);
    }
    rule.dispose();
  });

  it('is what happens when an input is changed a little', () => {
    const values = draw(each);
    const rule = open(each);
    const y = rule.y(values);
    const seed = randomFloats(y.length, 99);
    const loss = () => rule.y(values).reduce((sum, value, i) => sum + value * (seed[i] ?? 0), 0);
    const gradients = rule.gradients(values, seed);

    for (const [i, gradient] of gradients.entries()) {
      const input = values[i] ?? expect.unreachable();
      for (const place of [0, Math.floor(input.length / 2), input.length - 1]) {
        const before = input[place] ?? 0;
        const step = 1e-2;
        input[place] = before + step;
        const above = loss();
        input[place] = before - step;
        const below = loss();
        input[place] = before;
        expect(Math.abs((above - below) / (2 * step) - (gradient[place] ?? 0))).toBeLessThan(1e-2);
      }
    }
    rule.dispose();
  });
});

describe('dropout', () => {
  function dropped(seed: number, x: Float32Array, dy: Float32Array) {
    const graph = newGraph();
    const tape = newTape(graph);
    const input = tape.watch(graph.placeholder('x', 'float32', [-1]));
    const given = graph.placeholder('dy', 'float32', [-1]);
    const key = graph.placeholder('seed', 'int32', [2]);
    const y = dropout(tape, input, 0.25, key);
    const fetches = [y, ...tape.gradients(y, given, [input])];
    const session = openSession(graph);
    const feeds = [
      { into: input, values: x, shape: [x.length] },
      { into: given, values: dy, shape: [dy.length] },
      { into: key, values: Int32Array.of(seed, 7), shape: [2] },
    ];
    const outputs = session.run(feeds, fetches);
    session.dispose();
    return outputs;
  }
  const x = randomFloats(10_000, 1);
  const dy = randomFloats(10_000, 2);

  it('drops the share it is asked to, and keeps the mean', () => {
    const [y = new Float32Array()] = dropped(1, new Float32Array(10_000).fill(1), dy);

    expect(new Set(y)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
    const mean = y.reduce((sum, each) => sum + each, 0) / y.length;
    expect(Math.abs(mean - 1)).toBeLessThan(0.02); // 3.5 standard errors
  });

  it('passes the gradient on where it passed the value on', () => {
    const [y = [], gradient = []] = dropped(1, x, dy);

    const expected = x.map((each, i) => ((y[i] ?? 0) / each) * (dy[i] ?? 0));
    expect(difference(gradient, expected)).toBeLessThan(1e-5);
  });

  it('drops the same with the same seed, and something else with another', () => {
    expect(dropped(1, x, dy)).toEqual(dropped(1, x, dy));
    expect(dropped(1, x, dy)).not.toEqual(dropped(2, x, dy));
  });
});

describe('the largest of a picture', () => {
  it('shares its gradient among pixels that are equally large', () => {
    const tied: Case = { ...(CASES['the largest of a picture'] as Case), shapes: [[N, 2, 2, 1]] };
    const rule = open(tied);
    const x = new Float32Array(4 * N);
    x.set([0, 0, 0, 0, 5, 1, 5, 0, 1, 2, 3, 4]);

    const [gradient = []] = rule.gradients([x], new Float32Array(N).fill(1));

    expect([...gradient].slice(0, 12)).toEqual([
      0.25, 0.25, 0.25, 0.25, 0.5, 0, 0.5, 0, 0, 0, 0, 1,
    ]);
    rule.dispose();
  });
});

describe('the moving averages of BatchNorm', () => {
  it.each([
    ['its own kernel', trainingBatchNorm],
    ['parts', batchNormInParts],
  ])('go towards the statistics of the batch, the variance unbiased, by %s', (_, write) => {
    const x = randomFloats(N * 4 * 5 * 2, 1);
    const graph = newGraph();
    const input = graph.placeholder('x', 'float32', [-1, 4, 5, 2]);
    const two = (a: number, b: number) => graph.constant(Float32Array.of(a, b), [2]);
    const { mean, variance } = write(
      newTape(graph),
      input,
      { gamma: two(1, 2), beta: two(0, 1), mean: two(3, 4), variance: two(5, 6) },
      1e-3,
      0.9,
    );
    const session = openSession(graph);
    const [means = [], variances = []] = session.run(
      [{ into: input, values: x, shape: [N, 4, 5, 2] }],
      [mean, variance],
    );
    session.dispose();

    const moments = tf.moments(tf.tensor4d(x, [N, 4, 5, 2]), [0, 1, 2]);
    const n = N * 4 * 5;
    const toward = (old: readonly number[], statistic: tf.Tensor, factor: number) =>
      [...statistic.dataSync()].map((each, i) => 0.9 * (old[i] ?? 0) + 0.1 * factor * each);
    expect(difference(means, toward([3, 4], moments.mean, 1))).toBeLessThan(1e-5);
    expect(difference(variances, toward([5, 6], moments.variance, n / (n - 1)))).toBeLessThan(1e-5);
  });
});

describe('BatchNorm in parts', () => {
  it('keeps the digits of values that lie close together, far from 0', () => {
    const x = randomFloats(N * 4 * 5 * 2, 1).map((each) => 300 + each / 100);
    const graph = newGraph();
    const input = graph.placeholder('x', 'float32', [-1, 4, 5, 2]);
    const two = (a: number, b: number) => graph.constant(Float32Array.of(a, b), [2]);
    const weights = {
      gamma: two(1, 1),
      beta: two(0, 0),
      mean: two(300.01, 299.98), // as after some training
      variance: two(1, 1),
    };
    const { variance } = batchNormInParts(newTape(graph), input, weights, 1e-3, 0);
    const session = openSession(graph);
    const [variances = []] = session.run(
      [{ into: input, values: x, shape: [N, 4, 5, 2] }],
      [variance],
    );
    session.dispose();

    // In double precision.
    const exact = [0, 1].map((channel) => {
      const own = [...x].filter((_, i) => i % 2 === channel);
      const mean = own.reduce((sum, each) => sum + each, 0) / own.length;
      return own.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (own.length - 1);
    });
    for (const [channel, each] of exact.entries()) {
      expect((variances[channel] ?? Number.NaN) / each).toBeCloseTo(1, 3);
    }
  });

  it('gives nothing but its offset where a channel is constant', () => {
    const graph = newGraph();
    const input = graph.placeholder('x', 'float32', [-1, 4, 5, 2]);
    const two = (a: number, b: number) => graph.constant(Float32Array.of(a, b), [2]);
    const weights = { gamma: two(1, 1), beta: two(7, 8), mean: two(0, 1), variance: two(1, 1) };
    const { y } = batchNormInParts(newTape(graph), input, weights, 1e-3, 0.9);
    const session = openSession(graph);
    const x = new Float32Array(N * 4 * 5 * 2).fill(0.1);
    const [values = []] = session.run([{ into: input, values: x, shape: [N, 4, 5, 2] }], [y]);
    session.dispose();

    expect(
      difference(
        [...values],
        [...values].map((_, i) => 7 + (i % 2)),
      ),
    ).toBeLessThan(1e-4);
  });
});

describe('gradients', () => {
  it('are refused of what has no part in the result', () => {
    const graph = newGraph();
    const tape = newTape(graph);
    const [a, b] = ['a', 'b'].map((name) => tape.watch(graph.placeholder(name, 'float32', [2])));
    if (!a || !b) return expect.unreachable();

    expect(() => tape.gradients(relu(tape, a), a, [b])).toThrow('b has no part');
  });

  it('are written only of what they were asked for', () => {
    const graph = newGraph();
    const tape = newTape(graph);
    const x = graph.placeholder('x', 'float32', [-1, 3]);
    const kernel = tape.watch(graph.placeholder('kernel', 'float32', [3, 2]));
    const y = matMul(tape, relu(tape, x), kernel);
    const before = graph.size;

    tape.gradients(y, y, [kernel]);

    expect(graph.size - before).toBe(1); // none for x
  });
});
