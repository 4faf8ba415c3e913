import { join } from 'node:path';
import { at } from '#core/at.ts';
import type { Augmentation } from '#core/recipe.ts';
import type { FrozenPrefix } from '#engine/frozen-prefix.ts';
import { seededRandom } from '../data/seeded-random.ts';
import { IMAGES_AT_ONCE } from '../features/open-backbone.ts';
import type { Reporter, StopSignal } from '../job/reporter.ts';
import { createRowFile, floatRows, type RowFile } from '../storage/row-file.ts';
import { augment } from './augment.ts';

/** The examples of one part of the split, as input of the trained blocks. */
export interface Source {
  readonly n: number;
  /**
   * @param indices within the part, 0 to n - 1
   * @returns uint8 images or float32 activations, [indices, …]; augmented ones differ between epochs
   */
  rows(epoch: number, indices: Int32Array): Promise<Uint8Array | Float32Array>;
  close(): Promise<void>;
}

export interface ImageSource extends Source {
  rows(epoch: number, indices: Int32Array): Promise<Uint8Array>;
}

/**
 * Images from the disk.
 *
 * @param examples the part's examples, as indices into the decoded images
 * @param augmentation with the seed of its random choices; images stay as they are if left out
 */
export function imageSource(
  decoded: RowFile,
  examples: Int32Array,
  px: number,
  augmentation?: { how: Augmentation; seed: number },
): ImageSource {
  return {
    n: examples.length,
    async rows(epoch, indices) {
      const images = await decoded.pick(indices.map((index) => at(examples, index)));
      if (!augmentation) return images;
      const size = decoded.rowBytes;
      const augmented = Array.from(indices, (index, i) => {
        const random = seededRandom('augment', augmentation.seed, epoch, index);
        return augment(images.subarray(i * size, (i + 1) * size), px, augmentation.how, random);
      });
      return Buffer.concat(augmented);
    },
    close: async () => undefined, // the decoded images are not its own
  };
}

/**
 * The outputs of the frozen blocks for images, a row per image, computed on first use and kept on disk: the frozen blocks
 * do not run again in every epoch.
 *
 * @param images of which the first `views` epochs are used, in turn
 * @param name of the files
 */
export function activationSource(
  images: ImageSource,
  prefix: FrozenPrefix,
  { views, folder, name }: { views: number; folder: string; name: string },
  report: Reporter,
  stop: StopSignal,
): Source {
  const { n } = images;
  const computed = new Map<number, Promise<RowFile>>(); // by view
  let isOpen = true;

  async function compute(view: number): Promise<RowFile> {
    const file = join(folder, `${name}-${view}.f32`);
    const rows = await createRowFile(file, prefix.rowSize * Float32Array.BYTES_PER_ELEMENT);
    try {
      for (let from = 0; from < n && isOpen; from += IMAGES_AT_ONCE) {
        stop.throwIfRequested();
        report.progress('frozen-blocks', from, n);
        const count = Math.min(IMAGES_AT_ONCE, n - from);
        const indices = Int32Array.from({ length: count }, (_, i) => from + i);
        const pixels = await images.rows(view, indices);
        await rows.write(from, prefix.runInRows(pixels, count));
      }
      if (isOpen) report.progress('frozen-blocks', n, n);
    } catch (error) {
      await rows.close();
      throw error;
    }
    return rows;
  }

  return {
    n,
    async rows(epoch, indices) {
      const view = epoch % views;
      const rows = computed.get(view) ?? compute(view);
      computed.set(view, rows);
      return floatRows(await rows).pick(indices);
    },
    async close() {
      isOpen = false; // a computation in progress ends after its batch
      const all = await Promise.allSettled(computed.values());
      for (const rows of all) if (rows.status === 'fulfilled') await rows.value.close();
    },
  };
}
