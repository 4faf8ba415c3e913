/**
 * Resizes an image to px × px without keeping its aspect ratio, as Pillow does with `BICUBIC` and `reducing_gap=2.0`: sides of
 * four times px and more are first shrunk by a whole factor, to at least twice px, by taking means; then bicubic, with the
 * kernel widened when shrinking. A student's images must be resized by this function, since every browser and library does
 * it differently.
 *
 * @param {ArrayLike<number>} pixels 0 to 255, row by row: RGB, RGBA (A is ignored) or grey
 * @param {number} width
 * @param {number} height
 * @param {number} px height and width of the result
 * @returns {Uint8ClampedArray} RGB, [px, px, 3] row by row
 */
export function resize(pixels, width, height, px) {
  const rgb = rgbOf(pixels, width * height);
  const [across, down] = [wholeFactor(width, px), wholeFactor(height, px)];
  if (across === 1 && down === 1) return bicubic(rgb, width, height, px, width, height);
  const small = means(rgb, width, height, across, down);
  const [columns, rows] = [Math.ceil(width / across), Math.ceil(height / down)];
  return bicubic(small, columns, rows, px, width / across, height / down);
}

/** Always a Uint8Array, for which alone the loops below are then compiled. */
function rgbOf(pixels, count) {
  const channels = pixels.length / count;
  const isBytes = pixels instanceof Uint8Array || pixels instanceof Uint8ClampedArray;
  if (channels === 3 && isBytes)
    return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length);
  const [g, b] = channels < 3 ? [0, 0] : [1, 2];
  const rgb = new Uint8ClampedArray(3 * count);
  for (let from = 0, to = 0; to < rgb.length; from += channels) {
    rgb[to++] = pixels[from];
    rgb[to++] = pixels[from + g];
    rgb[to++] = pixels[from + b];
  }
  return new Uint8Array(rgb.buffer);
}

/**
 * @param {number} side width or height of an image
 * @param {number} px
 * @returns {number} the factor by which it is shrunk before anything else
 */
export const wholeFactor = (side, px) => Math.max(1, Math.floor(side / px / 2));

/** Means over blocks of across × down pixels, smaller ones at the right and lower edges. */
function means(pixels, width, height, across, down) {
  const columns = Math.ceil(width / across);
  const rows = Math.ceil(height / down);
  const small = new Uint8Array(columns * rows * 3);
  const sums = new Uint32Array(columns * 3);
  for (let row = 0, to = 0; row < rows; row++) {
    const last = Math.min(height, (row + 1) * down);
    sums.fill(0);
    for (let y = row * down; y < last; y++) {
      let from = y * width * 3;
      for (let column = 0, i = 0; column < columns; column++, i += 3) {
        const end = from + Math.min(across, width - column * across) * 3;
        let red = 0;
        let green = 0;
        let blue = 0;
        for (; from < end; from += 3) {
          red += pixels[from];
          green += pixels[from + 1];
          blue += pixels[from + 2];
        }
        sums[i] += red;
        sums[i + 1] += green;
        sums[i + 2] += blue;
      }
    }
    for (let column = 0, i = 0; column < columns; column++) {
      const count = Math.min(across, width - column * across) * (last - row * down);
      const [half, factor] = [count >> 1, Math.floor(Math.fround(2 ** 24 / count))]; // Pillow divides so
      for (let c = 0; c < 3; c++) small[to++] = ((sums[i++] + half) * factor) / 2 ** 24;
    }
  }
  return small;
}

/** Of the pixels, the left upper part of horizontal × vertical; neither need be whole. */
function bicubic(pixels, width, height, px, horizontal, vertical) {
  const narrow = narrowed(pixels, width, height, px, weights(width, px, horizontal));
  return lowered(narrow, px, weights(height, px, vertical));
}

function narrowed(pixels, width, height, px, { first, count, taps }) {
  const narrow = new Uint8ClampedArray(height * px * 3);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, tap = 0; x < px; x++) {
      let from = (y * width + first[x]) * 3;
      const end = tap + count[x];
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (; tap < end; tap++, from += 3) {
        const weight = taps[tap];
        red = (red + Math.imul(weight, pixels[from])) | 0;
        green = (green + Math.imul(weight, pixels[from + 1])) | 0;
        blue = (blue + Math.imul(weight, pixels[from + 2])) | 0;
      }
      narrow[to++] = red >> BITS;
      narrow[to++] = green >> BITS;
      narrow[to++] = blue >> BITS;
    }
  }
  return narrow;
}

function lowered(pixels, px, { first, count, taps }) {
  const length = px * 3; // of a row
  const low = new Uint8ClampedArray(px * length);
  const sums = new Int32Array(length);
  for (let y = 0, tap = 0, to = 0; y < px; y++) {
    sums.fill(HALF);
    let from = first[y] * length;
    for (const end = tap + count[y]; tap < end; tap++) {
      const weight = taps[tap];
      for (let x = 0; x < length; x++) sums[x] += Math.imul(weight, pixels[from++]);
    }
    for (let x = 0; x < length; x++) low[to++] = sums[x] >> BITS;
  }
  return low;
}

// Weights are whole numbers, as in Pillow: sums of 32 bits are fast, and the same everywhere.
const BITS = 22; // of a weight of 1; 8 more are the pixel's, and the rest is for the overshoot
const HALF = 2 ** (BITS - 1); // so that the shift rounds

/**
 * For each of px outputs: the first of the n inputs that it is computed from, how many there are, and their weights, one
 * output after the other. Only `length` ≤ n of the inputs are used.
 */
function weights(n, px, length) {
  const scale = Math.max(1, length / px);
  const first = new Int32Array(px);
  const count = new Int32Array(px);
  const taps = new Int32Array(px * (Math.ceil(4 * scale) + 1));
  for (let output = 0, tap = 0; output < px; output++) {
    const centre = ((output + 0.5) * length) / px - 0.5;
    first[output] = Math.max(0, Math.ceil(centre - 2 * scale));
    count[output] = Math.min(n - 1, Math.floor(centre + 2 * scale)) - first[output] + 1;
    const exact = Array.from({ length: count[output] }, (_, i) =>
      catmullRom(Math.abs(first[output] + i - centre) / scale),
    );
    const sum = exact.reduce((total, weight) => total + weight, 0);
    for (const weight of exact) taps[tap++] = rounded((weight / sum) * 2 ** BITS);
  }
  return { first, count, taps };
}

/** Halves away from zero, as in C. */
const rounded = (x) => Math.trunc(x + 0.5 * Math.sign(x));

function catmullRom(x) {
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((2.5 - 0.5 * x) * x - 4) * x + 2 : 0;
}
