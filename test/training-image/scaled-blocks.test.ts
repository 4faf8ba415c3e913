import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Labelled } from '#training-image/head/labelled.ts';
import { scalingOf } from '#training-image/head/scale-features.ts';
import { scaledBlocks } from '#training-image/head/scaled-blocks.ts';
import { tf } from '#training-image/tensorflow/load.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-blocks-'));
});
afterAll(() => rm(folder, { recursive: true }));

const N = 5000; // more than two blocks
const D = 3;

const examples: Labelled = {
  labels: new Int32Array(N),
  d: D,
  read: async (from, count) =>
    Float32Array.from({ length: count * D }, (_, i) => Math.sin(from * D + i)),
};

async function gather(mostHeld: number) {
  const scaling = await scalingOf(examples);
  const blocks = await scaledBlocks(examples, scaling, join(folder, 'scaled'), mostHeld);
  const all = new Float32Array(N * D);
  for (let pass = 0; pass < 2; pass++) {
    all.fill(0);
    await blocks.each((x, from) => all.set(x.dataSync(), from * D));
  }
  await blocks.close();
  return all;
}

describe('scaledBlocks', () => {
  it('gives the same from memory and from the disk, time and again, and frees every tensor', async () => {
    const before = tf.memory().numTensors;

    const held = await gather(Number.POSITIVE_INFINITY);
    const read = await gather(0);

    expect(read).toEqual(held);
    expect(held.every((each) => each !== 0)).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
  });
});

/** In a process of its own. */
async function fitted(examples: number): Promise<{ examples: number; peakBytes: number }> {
  const program = fileURLToPath(new URL('head-memory-process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program, String(examples), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(await text(child.stdout));
}

describe('the memory of a head’s fitting', () => {
  it('is the same for ten times as many examples', async () => {
    const few = await fitted(5_000);
    const many = await fitted(50_000);

    expect(many.examples).toBe(50_000);
    expect(many.peakBytes / few.peakBytes).toBeLessThan(1.1);
  }, 180_000);
});
