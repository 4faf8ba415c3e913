import type { Tensor2D } from '@tensorflow/tfjs';
import { packedRows } from '../packed-rows.ts';
import { tf } from '../tensorflow/load.ts';
import { BLOCK, inBlocks, type Labelled } from './labelled.ts';
import { type Scaling, scaled } from './scale-features.ts';

/** Scaled features, ready to be gone through again and again. */
export interface ScaledBlocks {
  /** @param work on [m, d], of which the first row is that of example `from`; what it makes of tensors is freed */
  each(work: (x: Tensor2D, from: number) => void): Promise<void>;
  close(): Promise<void>;
}

/** Chosen: 6,500 examples of 1,280 features. Of more, memory holds a block, so that it does not grow with them. */
const MOST_HELD = 32 * 2 ** 20; // bytes

/** @param file where they are put if they are too many for memory */
export async function scaledBlocks(
  examples: Labelled,
  scaling: Scaling,
  file: string,
  mostHeld = MOST_HELD,
): Promise<ScaledBlocks> {
  const { labels, d } = examples;
  const rowBytes = d * Float32Array.BYTES_PER_ELEMENT;
  const n = labels.length;
  return n * rowBytes <= mostHeld ? holdInMemory() : putOnDisk();

  async function holdInMemory(): Promise<ScaledBlocks> {
    const held: { x: Tensor2D; from: number }[] = [];
    for await (const { from, features } of inBlocks(examples))
      held.push({ x: tf.tensor2d(scaled(features, scaling), [features.length / d, d]), from });
    return {
      async each(work) {
        for (const { x, from } of held) tf.tidy(() => work(x, from));
      },
      async close() {
        tf.dispose(held.map(({ x }) => x));
      },
    };
  }

  async function putOnDisk(): Promise<ScaledBlocks> {
    const rows = await packedRows(file, rowBytes);
    for await (const { from, features } of inBlocks(examples))
      await rows.write(from, scaled(features, scaling));
    const block = new Uint8Array(BLOCK * rowBytes); // the same for all: garbage is collected late
    return {
      async each(work) {
        for (let from = 0; from < n; from += BLOCK) {
          const m = Math.min(BLOCK, n - from);
          await rows.readInto(block.subarray(0, m * rowBytes), from);
          tf.tidy(() => work(tf.tensor2d(new Float32Array(block.buffer, 0, m * d), [m, d]), from));
        }
      },
      close: rows.close,
    };
  }
}
