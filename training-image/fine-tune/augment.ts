import sharp from 'sharp';
import type { Augmentation } from '#core/recipe.ts';

const MIN_WINDOW = 0.85; // of a side
const CONTRAST = 0.2; // more or less
const BRIGHTNESS = 0.1 * 255; // more or less

/**
 * Varies an image at random. All random numbers are drawn even if only some are used, so that switching one kind of
 * variation off does not change the others. sharp works on its own threads, beside TensorFlow.
 *
 * @param image uint8 [px, px, 3]
 * @returns the varied image, uint8 [px, px, 3]
 */
export async function augment(
  image: Uint8Array,
  px: number,
  { flip, crop, colour }: Augmentation,
  random: () => number,
): Promise<Uint8Array> {
  const draws = {
    mirror: random(),
    window: random(),
    left: random(),
    top: random(),
    contrast: random(),
    brightness: random(),
  };
  const raw = { width: px, height: px, channels: 3 } as const;
  let varied = sharp(image, { raw });
  if (crop) {
    const side = Math.round(px * (MIN_WINDOW + (1 - MIN_WINDOW) * draws.window));
    const offset = (draw: number) => Math.floor(draw * (px - side + 1));
    varied = varied
      .extract({ left: offset(draws.left), top: offset(draws.top), width: side, height: side })
      .resize(px, px, { fit: 'fill', kernel: 'linear' });
  }
  if (flip && draws.mirror < 0.5) varied = varied.flop();
  if (colour) {
    const factor = 1 + CONTRAST * (2 * draws.contrast - 1); // around middle grey
    varied = varied.linear(factor, 128 * (1 - factor) + BRIGHTNESS * (2 * draws.brightness - 1));
  }
  return varied.raw().toBuffer();
}
