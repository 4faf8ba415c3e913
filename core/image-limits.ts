/** The largest image, in pixels: a larger one adds nothing at a few hundred pixels of input, and decoding it takes 75 MB and more. */
export const MAX_PIXELS = 25_000_000;
