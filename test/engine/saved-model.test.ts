import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeSavedModel } from '#engine/saved-model.ts';
import { tf } from '#engine/tensorflow/load.ts';
import {
  difference,
  randomFloats,
  SIDE,
  SMALL_NETWORKS,
  smallNetwork,
  topologyOf,
} from './networks.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-saved-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('writeSavedModel', () => {
  it.each(Object.keys(SMALL_NETWORKS))(
    'saves %s so that tfjs-node gives the same outputs',
    async (name) => {
      const model = smallNetwork(name);
      const student = join(folder, 'saved_model');

      await writeSavedModel(await topologyOf(model), student, 2.5);

      expect(readdirSync(student)).toEqual(['saved_model.pb']);
      const loaded = await tf.node.loadSavedModel(student, ['serve'], 'serving_default');
      const values = randomFloats(4 * SIDE * SIDE * 3).map((each) => 127.5 * (each + 1));
      const pixels = tf.tensor4d(values, [4, SIDE, SIDE, 3]);
      const expected = model.predict(pixels) as tf.Tensor2D;
      const { logits, probabilities } = loaded.predict({ pixels }) as tf.NamedTensorMap;
      expect(logits?.shape).toEqual(expected.shape);
      expect(difference(logits?.dataSync() ?? [], expected.dataSync())).toBeLessThan(1e-4);
      const softened = tf.softmax(tf.div(expected, 2.5)).dataSync();
      expect(difference(probabilities?.dataSync() ?? [], softened)).toBeLessThan(1e-5);
      loaded.dispose();
    },
  );

  it('writes the same bytes each time', async () => {
    const topology = await topologyOf(smallNetwork('average pooling'));
    const files = await Promise.all(
      ['a', 'b'].map(async (name) => {
        await writeSavedModel(topology, join(folder, name));
        return readFileSync(join(folder, name, 'saved_model.pb'));
      }),
    );

    expect(files[0]?.equals(files[1] ?? Buffer.of())).toBe(true);
  });
});
