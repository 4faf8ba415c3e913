/**
 * Resizes an image to px × px without keeping its aspect ratio: bicubic, with the kernel widened when shrinking, as in
 * Pillow. A student's images must be resized by this function, since every browser and library does it differently.
 *
 * @param {ArrayLike<number>} pixels 0 to 255, row by row: RGB, RGBA (A is ignored) or grey
 * @param {number} width
 * @param {number} height
 * @param {number} px height and width of the result
 * @returns {Uint8ClampedArray} RGB, [px, px, 3] row by row
 */
export function resize(pixels, width, height, px) {
  const channels = pixels.length / (width * height);
  const [g, b] = channels < 3 ? [0, 0] : [1, 2];
  const across = weights(width, px);
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

  const down = weights(height, px);
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

/** For each of px outputs: the first of the n inputs that it is computed from, and their weights. */
function weights(n, px) {
  const scale = Math.max(1, n / px);
  return Array.from({ length: px }, (_, output) => {
    const centre = ((output + 0.5) * n) / px - 0.5;
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
