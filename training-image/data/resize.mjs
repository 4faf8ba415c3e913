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
  const channels = pixels.length / (width * height);
  const [across, down] = [wholeFactor(width, px), wholeFactor(height, px)];
  if (across === 1 && down === 1)
    return bicubic(pixels, width, height, channels, px, width, height);
  const small = means(pixels, width, height, channels, across, down);
  const [columns, rows] = [Math.ceil(width / across), Math.ceil(height / down)];
  return bicubic(small, columns, rows, 3, px, width / across, height / down);
}

/**
 * @param {number} side width or height of an image
 * @param {number} px
 * @returns {number} the factor by which it is shrunk before anything else
 */
export const wholeFactor = (side, px) => Math.max(1, Math.floor(side / px / 2));

/** Means over blocks of across × down pixels, smaller ones at the right and lower edges; RGB. */
function means(pixels, width, height, channels, across, down) {
  const columns = Math.ceil(width / across);
  const rows = Math.ceil(height / down);
  const [g, b] = channels < 3 ? [0, 0] : [1, 2];
  const small = new Uint8ClampedArray(columns * rows * 3);
  const sums = new Uint32Array(columns * 3);
  for (let row = 0, to = 0; row < rows; row++) {
    const last = Math.min(height, (row + 1) * down);
    sums.fill(0);
    for (let y = row * down; y < last; y++) {
      let from = y * width * channels;
      for (let column = 0, i = 0; column < columns; column++, i += 3) {
        const end = from + Math.min(across, width - column * across) * channels;
        let red = 0;
        let green = 0;
        let blue = 0;
        for (; from < end; from += channels) {
          red += pixels[from];
          green += pixels[from + g];
          blue += pixels[from + b];
        }
        sums[i] += red;
        sums[i + 1] += green;
        sums[i + 2] += blue;
      }
    }
    for (let column = 0, i = 0; column < columns; column++) {
      const count = Math.min(across, width - column * across) * (last - row * down);
      for (let c = 0; c < 3; c++) small[to++] = Math.floor(sums[i++] / count + 0.5);
    }
  }
  return small;
}

/** Of the pixels, the left upper part of horizontal × vertical; neither need be whole. */
function bicubic(pixels, width, height, channels, px, horizontal, vertical) {
  const [g, b] = channels < 3 ? [0, 0] : [1, 2];
  const across = weights(width, px, horizontal);
  const narrow = new Uint8ClampedArray(height * px * 3);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < px; x++) {
      const { first, taps } = across[x];
      const count = taps.length;
      let from = (y * width + first) * channels;
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let i = 0; i < count; i++, from += channels) {
        const weight = taps[i];
        red += weight * pixels[from];
        green += weight * pixels[from + g];
        blue += weight * pixels[from + b];
      }
      narrow[to++] = red;
      narrow[to++] = green;
      narrow[to++] = blue;
    }
  }

  const down = weights(height, px, vertical);
  const small = new Uint8ClampedArray(px * px * 3);
  const length = px * 3;
  const row = new Float64Array(length);
  for (let y = 0; y < px; y++) {
    const { first, taps } = down[y];
    row.fill(0);
    for (let i = 0; i < taps.length; i++) {
      addScaled(row, narrow.subarray((first + i) * length, (first + i + 1) * length), taps[i]);
    }
    small.set(row, y * length);
  }
  return small;
}

function addScaled(sum, added, factor) {
  for (let i = 0; i < sum.length; i++) sum[i] += factor * added[i];
}

/** For each of px outputs: the first of the n inputs that it is computed from, and their weights. `length` ≤ n of them are used. */
function weights(n, px, length) {
  const scale = Math.max(1, length / px);
  return Array.from({ length: px }, (_, output) => {
    const centre = ((output + 0.5) * length) / px - 0.5;
    const first = Math.max(0, Math.ceil(centre - 2 * scale));
    const last = Math.min(n - 1, Math.floor(centre + 2 * scale));
    const taps = new Float64Array(last - first + 1);
    let sum = 0;
    for (let i = 0; i < taps.length; i++) {
      taps[i] = catmullRom(Math.abs(first + i - centre) / scale);
      sum += taps[i];
    }
    for (let i = 0; i < taps.length; i++) taps[i] /= sum;
    return { first, taps };
  });
}

function catmullRom(x) {
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((2.5 - 0.5 * x) * x - 4) * x + 2 : 0;
}
