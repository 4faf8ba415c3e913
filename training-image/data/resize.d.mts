/** @see resize.mjs, which is plain JavaScript because every student carries a copy of it */
export function resize(
  pixels: ArrayLike<number>,
  width: number,
  height: number,
  px: number,
): Uint8ClampedArray<ArrayBuffer>;
