import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { frozenPrefix } from '#engine/frozen-prefix.ts';
import { tf } from '#engine/tensorflow/load.ts';
import {
  difference,
  randomBytes,
  realTeacher,
  SIDE,
  SMALL_NETWORKS,
  smallNetwork,
  topologyOf,
} from './networks.ts';

/** The outputs of layers, by stock tfjs. */
function predicted(
  model: tf.LayersModel,
  layers: readonly string[],
  images: Uint8Array,
): Float32Array[] {
  return tf.tidy(() => {
    const outputs = layers.map((name) => model.getLayer(name).output as tf.SymbolicTensor);
    const [, ...sizes] = (model.inputs[0] as tf.SymbolicTensor).shape as number[];
    const n = images.length / tf.util.sizeFromShape(sizes);
    const pixels = tf.tensor(Float32Array.from(images), [n, ...sizes]);
    const answer = tf.model({ inputs: model.inputs, outputs }).predict(pixels);
    return [answer].flat().map((each) => each.dataSync() as Float32Array);
  });
}

describe('frozenPrefix', () => {
  it.each(Object.keys(SMALL_NETWORKS))('computes what tfjs computes for %s', async (name) => {
    const model = smallNetwork(name);
    const topology = await topologyOf(model);
    const layers = model.layers.map((layer) => layer.name).slice(1);
    const images = randomBytes(3 * SIDE * SIDE * 3);

    const whole = frozenPrefix(topology, [topology.output]);
    const everything = frozenPrefix(topology, layers);

    const [answer = []] = whole.run(images, 3);
    const [expected = []] = predicted(model, [topology.output], images);
    expect(difference(answer, expected)).toBeLessThan(1e-4);
    for (const [i, each] of predicted(model, layers, images).entries()) {
      expect(difference(everything.run(images, 3)[i] ?? [], each), layers[i]).toBeLessThan(1e-4);
    }
    whole.dispose();
    everything.dispose();
  });

  it('computes every block, the features and the logits of EfficientNet-Lite0', async () => {
    const { entry, folder, topology } = await realTeacher();
    const model = await tf.loadLayersModel(`file://${join(folder, 'model.json')}`);
    const layers = [...entry.blockOutputs, entry.features.layer, topology.output];
    const images = randomBytes(2 * 224 * 224 * 3);

    const prefix = frozenPrefix(topology, layers);
    const answers = prefix.run(images, 2);
    prefix.dispose();

    for (const [i, expected] of predicted(model, layers, images).entries()) {
      expect(difference(answers[i] ?? [], expected), layers[i]).toBeLessThan(1e-4);
    }
  }, 120_000);

  it('gives an example the same output alone and in a batch', async () => {
    const topology = await topologyOf(smallNetwork('a residual block as EfficientNet-Lite has it'));
    const prefix = frozenPrefix(topology, [topology.output]);
    const images = randomBytes(32 * SIDE * SIDE * 3);
    const [all = new Float32Array()] = prefix.run(images, 32);

    for (const i of [0, 31]) {
      const image = images.subarray(i * SIDE * SIDE * 3, (i + 1) * SIDE * SIDE * 3);
      const [alone = []] = prefix.run(image, 1);
      expect(difference(alone, all.subarray(5 * i, 5 * i + 5))).toBeLessThan(1e-6);
    }
    expect(prefix.run(new Uint8Array(), 0)).toEqual([new Float32Array()]);
    prefix.dispose();
  });

  it('refuses images of another size, and leaves no tensor behind', async () => {
    const topology = await topologyOf(smallNetwork('average pooling'));
    const prefix = frozenPrefix(topology, [topology.output]);
    const { binding } = tf.backend() as unknown as { binding: { getNumOfTensors(): number } };
    const before = binding.getNumOfTensors();

    prefix.run(randomBytes(SIDE * SIDE * 3), 1);
    expect(() => prefix.run(new Uint8Array(SIDE * SIDE), 1)).toThrow('Shape does not match');
    expect(binding.getNumOfTensors()).toBe(before);
    prefix.dispose();
    expect(() => prefix.run(randomBytes(SIDE * SIDE * 3), 1)).toThrow('disposed');
  });
});
