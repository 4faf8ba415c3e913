import type { Tensor2D } from '@tensorflow/tfjs';
import { tf } from '#engine/tensorflow/load.ts';
import { packedRows } from '../storage/row-file.ts';
import { BLOCK, type Features, inBlocks } from './labelled-features.ts';
import { type Scaling, scaled } from './scale-features.ts';

/** Scaled features, ready to be gone through again and again. */
export interface ScaledBlocks {
  /**
   * One pass; the next may begin when this one is over.
   *
   * @param work on [m, d], of which the first row is that of example `from`. It must keep neither that nor a view of it: the
   *   memory may be that of the next block. What it makes of tensors is freed.
   */
  each(work: (x: Tensor2D, from: number) => void): Promise<void>;
  close(): Promise<void>;
}

/** Chosen: 6,500 examples of 1,280 features. Of more, memory holds a block, so that it does not grow with them. */
const MOST_HELD = 32 * 2 ** 20; // bytes

/**
 * @param file where they are put if they are too many for memory
 * @param between called before each block is scaled
 */
export async function scaledBlocks(
  features: Features,
  scaling: Scaling,
  file: string,
  between: () => void,
  mostHeld = MOST_HELD,
): Promise<ScaledBlocks> {
  const { n, d } = features;
  const isSmall = n * d * Float32Array.BYTES_PER_ELEMENT <= mostHeld;
  return isSmall
    ? holdInMemory(features, scaling, between)
    : putOnDisk(features, scaling, file, between);
}

async function holdInMemory(
  features: Features,
  scaling: Scaling,
  between: () => void,
): Promise<ScaledBlocks> {
  const held: { x: Float32Array; from: number }[] = [];
  for await (const block of inBlocks(features, between))
    held.push({ x: scaled(block.features, scaling), from: block.from });
  return {
    async each(work) {
      for (const { x, from } of held) workOn(x, features.d, (tensor) => work(tensor, from));
    },
    close: async () => undefined,
  };
}

async function putOnDisk(
  features: Features,
  scaling: Scaling,
  file: string,
  between: () => void,
): Promise<ScaledBlocks> {
  const { n, d } = features;
  const rows = await packedRows(file, d * Float32Array.BYTES_PER_ELEMENT);
  try {
    for await (const block of inBlocks(features, between))
      await rows.write(block.from, scaled(block.features, scaling));
  } catch (error) {
    await rows.close();
    throw error;
  }
  const room = new Uint8Array(BLOCK * rows.rowBytes); // one for all blocks: what is thrown away stays for long
  return {
    async each(work) {
      for (let from = 0; from < n; from += BLOCK) {
        const m = Math.min(BLOCK, n - from);
        await rows.readInto(room.subarray(0, m * rows.rowBytes), from);
        const x = new Float32Array(room.buffer, 0, m * d);
        workOn(x, d, (tensor) => work(tensor, from));
      }
    },
    close: rows.close,
  };
}

/** TensorFlow takes the array's memory as it is. */
const workOn = (x: Float32Array, d: number, work: (x: Tensor2D) => void): void =>
  tf.tidy(() => work(tf.tensor2d(x, [x.length / d, d])));
