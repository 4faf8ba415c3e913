import { join } from 'node:path';
import type { Augmentation } from '#core/recipe.ts';
import type { FrozenPrefix } from '#engine/frozen-prefix.ts';
import { sizeOf } from '#engine/graph.ts';
import { seededRandom } from '../data/seeded-random.ts';
import { IMAGES_AT_ONCE } from '../features/open-backbone.ts';
import type { Tell } from '../job/reporter.ts';
import { type PackedRows, packedRows } from '../storage/row-file.ts';
import { augment } from './augment.ts';

/** The examples of one part of the split, as the trained blocks take them in. */
export interface Source {
  readonly n: number;
  /**
   * @param places in the part, 0 to n - 1
   * @returns uint8 images or float32 activations, [places, …]; in another epoch perhaps others
   */
  rows(epoch: number, places: Int32Array): Promise<Uint8Array | Float32Array>;
  close(): Promise<void>;
}

export interface ImageSource extends Source {
  rows(epoch: number, places: Int32Array): Promise<Uint8Array>;
}

/**
 * Images from the disk.
 *
 * @param examples the rows of the part's examples among the decoded ones
 * @param change what to do to them, by which seed; left as they are if left out
 */
export function imageSource(
  decoded: PackedRows,
  examples: Int32Array,
  px: number,
  change?: { how: Augmentation; seed: number },
): ImageSource {
  return {
    n: examples.length,
    async rows(epoch, places) {
      const images = await decoded.pick(places.map((place) => examples[place] ?? -1));
      if (!change) return images;
      const size = decoded.rowBytes;
      const changed = Array.from(places, (place, i) => {
        const random = seededRandom('augment', change.seed, epoch, place);
        return augment(images.subarray(i * size, (i + 1) * size), px, change.how, random);
      });
      return Buffer.concat(await Promise.all(changed));
    },
    close: async () => undefined, // the decoded images are not its own
  };
}

/**
 * What the last frozen block gives for images, computed when first asked for and kept on the disk: in an epoch the
 * frozen blocks run again only if the images are others.
 *
 * @param images of which the first `views` epochs are used, again and again
 * @param name of the files
 */
export function activationSource(
  images: ImageSource,
  prefix: FrozenPrefix,
  views: number,
  folder: string,
  name: string,
  tell: Tell,
): Source {
  const size = sizeOf(prefix.shapes[0] ?? []);
  const { n } = images;
  const kept = new Map<number, Promise<PackedRows>>();
  let isOpen = true;

  async function compute(view: number): Promise<PackedRows> {
    const file = join(folder, `${name}-${view}.f32`);
    const rows = await packedRows(file, size * Float32Array.BYTES_PER_ELEMENT);
    try {
      for (let from = 0; from < n && isOpen; from += IMAGES_AT_ONCE) {
        tell.progress('frozen-blocks', from, n);
        const count = Math.min(IMAGES_AT_ONCE, n - from);
        const places = Int32Array.from({ length: count }, (_, i) => from + i);
        const [activations = new Float32Array()] = prefix.run(
          await images.rows(view, places),
          count,
        );
        await rows.write(from, activations);
      }
      if (isOpen) tell.progress('frozen-blocks', n, n);
    } catch (error) {
      await rows.close();
      throw error;
    }
    return rows;
  }

  return {
    n,
    async rows(epoch, places) {
      const view = epoch % views;
      const rows = kept.get(view) ?? compute(view);
      kept.set(view, rows);
      return new Float32Array((await (await rows).pick(places)).buffer);
    },
    async close() {
      isOpen = false; // what is still being computed ends after its batch
      const all = await Promise.allSettled(kept.values());
      for (const rows of all) if (rows.status === 'fulfilled') await rows.value.close();
    },
  };
}
