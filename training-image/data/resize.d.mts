/** @see resize.mjs, which is plain JavaScript because every student carries a copy of it */
export function resize(
  pixels: ArrayLike<number>,
  width: number,
  height: number,
  px: number,
): Uint8ClampedArray<ArrayBuffer>;

/** The factor by which `resize` shrinks a side before anything else. */
export function wholeFactor(side: number, px: number): number;
