import sharp from 'sharp';
import type { Augmentation } from '#core/recipe.ts';

const SMALLEST_WINDOW = 0.85; // of a side
const CONTRAST = 0.2; // more or less
const BRIGHTNESS = 0.1 * 255; // more or less

/**
 * A image as it might also have been taken. All draws are made, whatever is used of them, so that one choice does not
 * change the others. sharp works on its own threads, beside the graph.
 *
 * @param image uint8 [px, px, 3]
 * @returns the same
 */
export async function augment(
  image: Uint8Array,
  px: number,
  { flip, crop, colour }: Augmentation,
  random: () => number,
): Promise<Uint8Array> {
  const [mirrored, window, left, top, contrast, brightness] = Array.from({ length: 6 }, random) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const raw = { width: px, height: px, channels: 3 } as const;
  let changed = sharp(image, { raw });
  if (crop) {
    const side = Math.round(px * (SMALLEST_WINDOW + (1 - SMALLEST_WINDOW) * window));
    const within = (place: number) => Math.floor(place * (px - side + 1));
    changed = changed
      .extract({ left: within(left), top: within(top), width: side, height: side })
      .resize(px, px, { fit: 'fill', kernel: 'linear' });
  }
  if (flip && mirrored < 0.5) changed = changed.flop();
  if (colour) {
    const factor = 1 + CONTRAST * (2 * contrast - 1); // around the middle grey
    changed = changed.linear(factor, 128 * (1 - factor) + BRIGHTNESS * (2 * brightness - 1));
  }
  return changed.raw().toBuffer();
}
