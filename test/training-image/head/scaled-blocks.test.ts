import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tf } from '#engine/tensorflow/load.ts';
import { type Features, labelledFeatures } from '#training-image/head/labelled-features.ts';
import { scaled, scalingOf } from '#training-image/head/scale-features.ts';
import { scaledBlocks } from '#training-image/head/scaled-blocks.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-blocks-'));
});
afterAll(() => rm(folder, { recursive: true }));

const N = 5000; // more than two blocks
const D = 3;

const features: Features = {
  n: N,
  d: D,
  read: async (from, count) =>
    Float32Array.from({ length: count * D }, (_, i) => Math.sin(from * D + i)),
};

const nothing = () => undefined;

async function gather(maxInMemory: number) {
  const scaling = await scalingOf(features, nothing);
  const file = join(folder, 'scaled');
  const blocks = await scaledBlocks(features, scaling, file, nothing, maxInMemory);
  const all = new Float32Array(N * D);
  for (let pass = 0; pass < 2; pass++) {
    all.fill(0);
    await blocks.each((x, from) => all.set(x.dataSync(), from * D));
  }
  await blocks.close();
  return all;
}

describe('scaledBlocks', () => {
  it.each([
    ['memory', Number.POSITIVE_INFINITY],
    ['the disk', 0],
  ])(
    'gives all of them from %s, time and again, and frees every tensor',
    async (_, maxInMemory) => {
      const before = tf.memory().numTensors;
      const all = scaled(await features.read(0, N), await scalingOf(features, nothing));

      expect(await gather(maxInMemory)).toEqual(all);
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});

describe('labelledFeatures', () => {
  const all = {
    d: 2,
    pick: async (rows: ArrayLike<number>) =>
      Float32Array.from(Array.from(rows).flatMap((row) => [row, row + 0.5])),
  };
  const labels = Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);

  it('reads any run of the chosen examples, in their order', async () => {
    const order = [1, 4, 5, 0, 9];
    const chosen = labelledFeatures(all, Int32Array.from(order), labels);

    expect([...chosen.labels]).toEqual(order);
    for (let from = 0; from <= chosen.n; from++) {
      for (let count = 0; from + count <= chosen.n; count++) {
        const expected = await all.pick(order.slice(from, from + count));
        expect(await chosen.read(from, count)).toEqual(expected);
      }
    }
  });

  it('refuses an example without a label', () => {
    expect(() => labelledFeatures(all, Int32Array.of(10), labels)).toThrow('no element 10');
  });
});

/** In a process of its own. */
async function fitted(examples: number): Promise<{ examples: number; peakBytes: number }> {
  const program = fileURLToPath(new URL('head-memory-process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program, String(examples), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = await text(child.stdout);
  if (said === '') throw new Error('the process has crashed');
  return JSON.parse(said);
}

describe('the memory of a head’s fitting', () => {
  it('does not grow with the examples', async () => {
    const few = await fitted(5_000);
    const many = await fitted(50_000);

    expect(many.examples).toBe(50_000);
    // Measured: 22 MB more, 70 on a busy machine, where garbage lies for longer; the features alone are 256 MB.
    const features = 50_000 * 1280 * Float32Array.BYTES_PER_ELEMENT;
    expect(many.peakBytes - few.peakBytes).toBeLessThan(features / 2);
  }, 180_000);
});
