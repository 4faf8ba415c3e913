import { at } from '#core/at.ts';
import type { Decoding } from '../data/decode-examples.ts';
import { decodeImage } from '../data/decode-image.ts';
import { ImageRefused } from '../data/image-refused.ts';
import { TrainingRefused } from '../job/errors.ts';
import type { RowFile } from '../storage/row-file.ts';
import type { PixelsOf } from './thumbnails.ts';

/**
 * Examples as the student sees them. A training that goes on after an interruption has not decoded all of them again; of
 * the others, those that are shown are decoded here.
 */
export const examplePixels =
  ({ dataset, examples, shards, px }: Decoding, decoded: RowFile): PixelsOf =>
  async (example) => {
    if (shards.some(({ from, count }) => example >= from && example < from + count))
      return decoded.pick([example]);
    try {
      return await decodeImage(await dataset.read(at(examples, example)), px);
    } catch (error) {
      if (error instanceof ImageRefused || error instanceof TrainingRefused) return undefined;
      throw error;
    }
  };
