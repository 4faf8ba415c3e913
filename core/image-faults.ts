import type { ImageFault } from './image-kinds.ts';
import { MAX_PIXELS } from './image-limits.ts';

/** The largest part of a picture that may be missing at its end: a strip that hardly anybody sees. */
export const MISSING_AT_MOST = 0.02;

export const CUT_OFF: ImageFault = {
  code: 'IMAGE_CUT_OFF',
  what: `is cut off: more than ${100 * MISSING_AT_MOST}% of it is missing`,
  remedy: 'Copy or download it again, or remove it.',
};

export const DAMAGED: ImageFault = {
  code: 'IMAGE_DAMAGED',
  what: 'is damaged, or of a rare variant that cannot be read',
  remedy: 'Save it again as JPEG or PNG with an image viewer, or remove it.',
};

export const TOO_LARGE: ImageFault = {
  code: 'IMAGE_TOO_LARGE',
  what: `has more than ${MAX_PIXELS / 1e6} megapixels, which is the limit`,
  remedy: 'Make it smaller; students see a few hundred pixels.',
};
