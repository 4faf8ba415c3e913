import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tf } from '#engine/tensorflow/load.ts';
import { topologyOf } from './networks.ts';
import { adamw, batch, begin, endAll, threeParts } from './trainings.ts';

const backend = tf.backend() as NodeJSKernelBackend;
const { binding } = backend;
let calls: Record<string, number> = {};

/** Counts the calls of every function of the addon, the only way into TensorFlow. */
function counting(): typeof binding {
  const names = Object.getOwnPropertyNames(binding) as (keyof typeof binding)[];
  const entries = names.map((name) => {
    const own = binding[name] as unknown;
    if (typeof own !== 'function') return [name, own];
    const counted = (...given: unknown[]) => {
      calls[name] = (calls[name] ?? 0) + 1;
      return own.apply(binding, given);
    };
    return [name, counted];
  });
  return Object.fromEntries(entries);
}

beforeEach(() => {
  backend.binding = counting();
});
afterEach(() => {
  backend.binding = binding;
  endAll();
});

describe('a training step', () => {
  it('is one call of a session: three tensors go in, one comes back', async () => {
    const step = begin(await topologyOf(threeParts()), adamw);
    const one = batch(step);

    calls = {};
    step.step(one, 1);

    expect(calls).toEqual({
      createTensor: 3,
      runSavedModel: 1,
      tensorDataSync: 1,
      deleteTensor: 4,
    });
  });

  it('is many calls in tfjs-layers', async () => {
    const model = threeParts();
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });

    calls = {};
    await model.trainOnBatch(tf.ones([2, 12, 12, 3]), tf.ones([2, 4]));

    expect(calls.executeOp).toBeGreaterThan(100);
  });
});
