import type { Tensor2D } from '@tensorflow/tfjs';
import { tf } from '#engine/tensorflow/load.ts';
import { createRowFile } from '../storage/row-file.ts';
import { BLOCK, type Features, inBlocks } from './labelled-features.ts';
import { type Scaling, scaled } from './scale-features.ts';

/** Scaled features that can be iterated over repeatedly, a block at a time. */
export interface ScaledBlocks {
  /**
   * One pass over all blocks; passes must not overlap.
   *
   * @param work takes a block, [m, d], whose first row is that of example `from`. It must not keep the tensor or a view of
   *   it: the next block may reuse the memory. Tensors that it creates are disposed of.
   */
  each(work: (x: Tensor2D, from: number) => void): Promise<void>;
  close(): Promise<void>;
}

/** Chosen: 6,500 examples of 1,280 features. If there are more, memory holds only one block of them. */
const MAX_IN_MEMORY = 32 * 2 ** 20; // bytes

/**
 * Scales all features once, and keeps them in memory or on disk, depending on their size.
 *
 * @param file where to put them if they are too large for memory
 * @param onBlock called before each block is scaled
 * @param maxInMemory bytes
 */
export async function scaledBlocks(
  features: Features,
  scaling: Scaling,
  file: string,
  onBlock: () => void,
  maxInMemory = MAX_IN_MEMORY,
): Promise<ScaledBlocks> {
  const { n, d } = features;
  const isSmall = n * d * Float32Array.BYTES_PER_ELEMENT <= maxInMemory;
  return isSmall
    ? keepInMemory(features, scaling, onBlock)
    : keepOnDisk(features, scaling, file, onBlock);
}

/** Rows that are in memory already, as one block. */
export const blocksOf = (rows: Float32Array, d: number): ScaledBlocks =>
  inMemory([{ x: rows, from: 0 }], d);

/** TensorFlow keeps the blocks between passes: copying them would take as long as a pass. */
function inMemory(blocks: readonly { x: Float32Array; from: number }[], d: number): ScaledBlocks {
  const tensors = blocks.map(({ x, from }) => ({ x: tf.tensor2d(x, [x.length / d, d]), from }));
  return {
    async each(work) {
      for (const { x, from } of tensors) tf.tidy(() => work(x, from));
    },
    async close() {
      tf.dispose(tensors.map(({ x }) => x));
    },
  };
}

async function keepInMemory(
  features: Features,
  scaling: Scaling,
  onBlock: () => void,
): Promise<ScaledBlocks> {
  const blocks: { x: Float32Array; from: number }[] = [];
  for await (const block of inBlocks(features, onBlock))
    blocks.push({ x: scaled(block.features, scaling), from: block.from });
  return inMemory(blocks, features.d);
}

async function keepOnDisk(
  features: Features,
  scaling: Scaling,
  file: string,
  onBlock: () => void,
): Promise<ScaledBlocks> {
  const { n, d } = features;
  const rows = await createRowFile(file, d * Float32Array.BYTES_PER_ELEMENT);
  try {
    for await (const block of inBlocks(features, onBlock))
      await rows.write(block.from, scaled(block.features, scaling));
  } catch (error) {
    await rows.close();
    throw error;
  }
  const buffer = new Uint8Array(BLOCK * rows.rowBytes); // one for all blocks: garbage would pile up
  return {
    async each(work) {
      for (let from = 0; from < n; from += BLOCK) {
        const m = Math.min(BLOCK, n - from);
        await rows.readInto(buffer.subarray(0, m * rows.rowBytes), from);
        const x = new Float32Array(buffer.buffer, 0, m * d);
        tf.tidy(() => work(tf.tensor2d(x, [m, d]), from));
      }
    },
    close: rows.close,
  };
}
