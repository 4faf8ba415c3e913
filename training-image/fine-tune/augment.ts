import type { Augmentation } from '#core/recipe.ts';

const MAX_SHIFT = 1 / 12; // of a side
const CONTRAST = 0.2; // more or less
const BRIGHTNESS = 0.1 * 255; // more or less

/**
 * Varies an image at random. All random numbers are drawn even if only some are used, so that switching one kind of
 * variation off does not change the others.
 *
 * @param image uint8 [px, px, 3]
 * @returns the varied image, uint8 [px, px, 3]
 */
export function augment(
  image: Uint8Array,
  px: number,
  { flip, crop, colour }: Augmentation,
  random: () => number,
): Uint8Array {
  const draws = {
    mirror: random(),
    left: random(),
    top: random(),
    contrast: random(),
    brightness: random(),
  };
  const max = crop ? Math.round(px * MAX_SHIFT) : 0;
  const shift = (draw: number) => Math.floor(draw * (2 * max + 1)) - max; // -max to max
  const columns = shifted(px, shift(draws.left));
  if (flip && draws.mirror < 0.5) columns.reverse();
  const varied = picked(image, px, shifted(px, shift(draws.top)), columns);
  if (colour) recolour(varied, draws.contrast, draws.brightness);
  return new Uint8Array(varied.buffer);
}

/** The pixels of a row or column that appear at 0 to px - 1 after a shift; reflected where there are none. */
const shifted = (px: number, by: number): Int32Array =>
  Int32Array.from({ length: px }, (_, i) => px - 1 - Math.abs(px - 1 - Math.abs(i + by)));

/** The image that has these rows and columns of another one. */
function picked(
  image: Uint8Array,
  px: number,
  rows: Int32Array,
  columns: Int32Array,
): Uint8ClampedArray<ArrayBuffer> {
  const result = new Uint8ClampedArray(image.length);
  let to = 0;
  for (const row of rows) {
    for (const column of columns) {
      const from = 3 * (row * px + column);
      result[to] = image[from] ?? 0;
      result[to + 1] = image[from + 1] ?? 0;
      result[to + 2] = image[from + 2] ?? 0;
      to += 3;
    }
  }
  return result;
}

/** Changes contrast and brightness in place; an array of this type rounds and clamps. */
function recolour(image: Uint8ClampedArray, contrast: number, brightness: number): void {
  const factor = 1 + CONTRAST * (2 * contrast - 1); // around middle grey
  const offset = 128 * (1 - factor) + BRIGHTNESS * (2 * brightness - 1);
  for (const [i, value] of image.entries()) image[i] = factor * value + offset;
}
