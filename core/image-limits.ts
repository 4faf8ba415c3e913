/**
 * The largest image that the validator accepts and the trainer decodes. More pixels bring nothing where a network sees
 * a few hundred a side, and decoding this many takes 75 MB; what claims more is likely to be a decompression bomb.
 */
export const MAX_PIXELS = 25_000_000;
